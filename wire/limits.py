"""Limits that both sides of a connection hold, with the reason for each."""

from __future__ import annotations

CONTROL_MESSAGE_MAX_BYTES = 64 * 1024
"""A JSON control message. An SDP with all our codecs is under 8 KiB."""

NODE_MESSAGE_MAX_BYTES = 4 * CONTROL_MESSAGE_MAX_BYTES
"""A message of a node, which may list all its sessions and titles."""

SESSIONS_PER_NODE_MAX = 512
"""Slots of one node, and sessions that it may list."""

TITLES_PER_NODE_MAX = 1024
"""Titles that a node may list."""

ARCHIVES_PER_NODE_MAX = 256
"""Unpacked archives that a node may list, those that were started last."""

REGION_MAX_CHARS = 32
"""Name of a region."""

REGIONS_MAX = 32
"""Regions of a deployment."""

SOCKET_MESSAGE_MAX_BYTES = 2 * NODE_MESSAGE_MAX_BYTES
"""What a WebSocket takes before it closes: larger than any message, so that one is refused in words."""

SDP_MAX_BYTES = 32 * 1024
"""One session description, as written into a message; leaves room for the fields around it."""

STUN_URIS_MAX = 4
"""Servers that a page may be told to ask for its own address."""

CONTROL_RATE_PER_S = 50
"""Sustained control messages per second from one tab; a burst of twice that is allowed."""

INPUT_BATCH_MAX_BYTES = 1200
"""One input batch; stays under the smallest MTU so that it is a single datagram."""

INPUT_BATCH_MAX_EVENTS = 64
"""Events in one batch: 32 repeated ones plus what a batch interval can bring."""

INPUT_REPEAT_MAX_EVENTS = 32
"""Unacknowledged events that a tab repeats; beyond it sends a snapshot of what is held."""

INPUT_REPEAT_MAX_MS = 250
"""Age up to which an unacknowledged event is repeated; beyond it a snapshot is sent."""

INPUT_BATCHES_PER_S = 1000
"""Batches per second that a worker reads from one peer; more are dropped and counted."""

INPUT_TEXT_MAX_BYTES = 64
"""UTF-8 bytes of one text event; longer text is split."""

STORY_MESSAGE_MAX_BYTES = 20 * 1024
"""One message on the story channel; a 64x64 RGBA cursor is 16,384 bytes."""

CURSOR_MAX_PX = 64
"""Edge of a cursor image."""

VIDEO_BPS_MIN = 100_000
"""Lowest video bitrate that a rung is set to."""

VIDEO_BPS_MAX = 100_000_000
"""Highest video bitrate that a rung is set to."""

PADS_MAX = 4
"""Game pads per participant."""

SEATS_MAX = 8
"""Seats at one session's table."""

PEERS_MAX = 8
"""Peers of one session, spectators included."""

PICTURE_MAX_WIDTH_PX = 1920
"""Widest picture that a title may draw."""

PICTURE_MAX_HEIGHT_PX = 1080
"""Tallest picture that a title may draw."""

PICTURE_MIN_PX = 16
"""Smallest edge of a picture that encoders take."""

TITLE_LAST_WORDS_BYTES = 64 * 1024
"""What is kept of a title's standard output and error."""

FIGURES_PER_HEARTBEAT = 64
"""Sessions whose figures one heartbeat carries, so that it stays a control message."""

CLOSING_MAX_MS = 7 * 24 * 3600 * 1000
"""Longest time that a machine which is taken out of service gives to the sessions that it runs."""

REPORTED_MS_MAX = 60_000
"""Longest delay that a page reports; it reports this for anything longer."""

PHASE_SHIFT_MAX_US = 50_000
"""Farthest that a page may ask a title's frames to move at once."""

REFRESH_MAX_HZ = 1000
"""Fastest display that a page reports; it reports this for anything faster."""
