// Types that the modules share; imported by JSDoc, never at run time.

import type {
  EventType, PeerState, Presence, Reason, Role, SessionState, StoryKind, TouchPhase,
} from "./wire/constants.js";

export type ReasonLabel = (typeof Reason)[keyof typeof Reason];
export type SessionStateLabel = (typeof SessionState)[keyof typeof SessionState];
export type PeerStateLabel = (typeof PeerState)[keyof typeof PeerState];
export type RoleLabel = (typeof Role)[keyof typeof Role];
export type TouchPhaseCode = (typeof TouchPhase)[keyof typeof TouchPhase];
type Kind = typeof StoryKind;
type Type = typeof EventType;

// --- wire/input_events.py ---

export type PadAxes = readonly [number, number, number, number, number, number];

export type InputPayload =
  | { type: Type["KEY"]; usage: number; down: boolean }
  | { type: Type["TEXT"]; text: string }
  | { type: Type["MOUSE_ABS"]; x: number; y: number }
  | { type: Type["MOUSE_REL"]; dx: number; dy: number }
  | { type: Type["MOUSE_BUTTON"]; button: number; down: boolean }
  | { type: Type["WHEEL"]; dx: number; dy: number }
  | { type: Type["TOUCH"]; finger: number; phase: TouchPhaseCode; x: number; y: number }
  | { type: Type["PAD"]; index: number; buttons: number; axes: PadAxes }
  | { type: Type["PAD_PRESENCE"]; index: number; connected: boolean }
  | { type: Type["RELEASE_ALL"] };

/** An event as the page's devices make it. */
export type DeviceEvent = InputPayload & { device: number };

/** An event as it stands in a batch. */
export type InputEvent = DeviceEvent & { age_100us: number };

export interface InputBatch {
  participant: number;
  first_seq: number;
  client_time_us: number;
  events: readonly InputEvent[];
  snapshot: boolean;
}

// --- wire/frame_story.py ---

export interface FrameStory {
  kind: Kind["FRAME"];
  rtp_ts: number;
  frame_id: number;
  input_seq: number;
  ack_seq: number;
  size_bytes: number;
  tick_us: number;
  capture_dus: number;
  encoded_dus: number;
  sent_dus: number;
  input_received_dus: number;
  keyframe: boolean;
}
export interface ClockReply { kind: Kind["CLOCK_REPLY"]; client_us: number; received_us: number; sent_us: number }
export interface Cursor {
  kind: Kind["CURSOR"];
  visible: boolean;
  relative: boolean;
  width: number;
  height: number;
  hot_x: number;
  hot_y: number;
  rgba: Uint8Array;
}
export interface Rumble { kind: Kind["RUMBLE"]; pad: number; low: number; high: number; duration_ms: number }
export interface Absence {
  kind: Kind["ABSENCE"];
  presence: (typeof Presence)[keyof typeof Presence];
  next_s: number;
}
export type Story =
  | FrameStory
  | { kind: Kind["CLOCK_REQUEST"]; client_us: number }
  | ClockReply
  | { kind: Kind["ACK"]; ack_seq: number }
  | Cursor
  | Rumble
  | { kind: Kind["TEXT_INPUT"]; wanted: boolean }
  | Absence;

// --- wire/session_control.py ---

export type FromTab =
  | { type: "hello"; protocol: { min: number; max: number } }
  | { type: "open_peer"; video_codecs: string[] }
  | { type: "answer"; peer_id: string; ticket: string; sdp: string }
  | { type: "leave"; end: boolean }
  | { type: "set_quality"; video_max_bps: number | null }
  | { type: "media_report"; peer_id: string; frames_decoded: number; silent_ms: number };

export interface Welcome {
  type: "welcome";
  protocol: number;
  session_id: string;
  participant_id: string;
  participant_index: number;
  role: RoleLabel;
  seats: number[];
  title_id: string;
  title_name: string;
}
export interface StateNews { type: "state"; state: SessionStateLabel; reason: ReasonLabel | null; detail: string }
export interface Offer { type: "offer"; peer_id: string; ticket: string; sdp: string }
export interface PeerNews { type: "peer_state"; peer_id: string; state: PeerStateLabel; reason: ReasonLabel | null }
export type ToTab =
  | Welcome
  | StateNews
  | Offer
  | PeerNews
  | { type: "taken_over" }
  | { type: "error"; reason: ReasonLabel; detail: string };

/** How constants.js describes a field of a control message. */
export type FieldSpec = { nullable?: boolean; default?: unknown } & (
  | { kind: "string"; max_len: number }
  | { kind: "int" | "float"; min: number; max: number }
  | { kind: "bool" }
  | { kind: "enum"; values: readonly string[] }
  | { kind: "list"; max_len: number; item: FieldSpec }
  | { kind: "object"; fields: Readonly<Record<string, FieldSpec>> }
);

// --- the page ---

/** What a page is asked to do by its address. */
export type Visit =
  | { kind: "play"; titleId: string; ask: boolean; token: string | null }
  | { kind: "session"; sessionId: string; role: RoleLabel; token: string | null }
  | { kind: "home"; token: string | null };

/** A failure that the page itself finds, beside the reasons of the wire. */
export type PageReason = "unreachable" | "no_webrtc";
export type FailureReason = ReasonLabel | PageReason;

/** A distribution over the last frames, in milliseconds. */
export interface Spread { p50: number; p95: number; p99: number; count: number }

/** Rates over the last second, from getStats. */
export interface LinkFigures {
  fps: number;
  bitrate_bps: number;
  packets_lost: number;
  loss_share: number;
  jitter_buffer_ms: number;
  decode_ms: number;
  width: number;
  height: number;
  codec: string;
  frames_decoded: number;
  frames_dropped: number;
  freezes: number;
  nacks: number;
  plis: number;
  rtt_ms: number | null;
}

/** A frame that was shown, joined with its story; page times in milliseconds. */
export interface ShownFrame {
  rtp_ts: number;
  frame_id: number;
  input_seq: number;
  size_bytes: number;
  keyframe: boolean;
  received_ms: number | null;
  presented_ms: number;
  stages_ms: Readonly<Record<string, number>>;
}
