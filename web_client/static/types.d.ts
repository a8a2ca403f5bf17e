// Types that the modules share; imported by JSDoc, never at run time.

import type {
  EventType, InvitationKind, PeerState, Presence, Reason, Role, Route, SessionState, StoryKind, TouchPhase,
} from "./wire/constants.js";
import type { WordKey, Words } from "./strings/words.js";

export type ReasonLabel = (typeof Reason)[keyof typeof Reason];
export type SessionStateLabel = (typeof SessionState)[keyof typeof SessionState];
export type PeerStateLabel = (typeof PeerState)[keyof typeof PeerState];
export type RoleLabel = (typeof Role)[keyof typeof Role];
export type RouteLabel = (typeof Route)[keyof typeof Route];
export type InvitationKindLabel = (typeof InvitationKind)[keyof typeof InvitationKind];
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
/** Motor strengths 0..65535 for the page's pad of that number, if it plays on that seat. */
export interface Rumble {
  kind: Kind["SEAT_RUMBLE"];
  seat: number;
  pad: number;
  low: number;
  high: number;
  duration_ms: number;
}
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
  | Absence
  | { kind: Kind["DISPLAY_PHASE"]; later_us: number }
  | { kind: Kind["FRAME_REPORT"]; rtp_ts: number }
  | { kind: Kind["DISPLAY"]; refresh_hz: number; decoded_pct: number };

// --- wire/session_control.py ---

export type FromTab =
  | { type: "hello"; protocol: { min: number; max: number } }
  | { type: "open_peer"; video_codecs: string[] }
  | { type: "answer"; peer_id: string; ticket: string; sdp: string }
  | { type: "leave"; end: boolean }
  | { type: "set_quality"; video_max_bps: number | null }
  | {
      type: "media_report"; peer_id: string; frames_decoded: number; silent_ms: number;
      input_ms_p50?: number | null; input_ms_p95?: number | null; rtt_ms?: number | null; route?: RouteLabel | null;
    };

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
export type Coming = "starting" | "none_free";
export interface StateNews {
  type: "state"; state: SessionStateLabel; reason: ReasonLabel | null; detail: string; place: number | null;
  coming: Coming | null; region: string | null;
}
export interface Present {
  participant_id: string;
  number: number;
  role: RoleLabel;
  seats: number[];
  name: string | null;
  guest: boolean;
  host: boolean;
  me: boolean;
  here: boolean;
}
export interface TableNews { type: "table"; seats: number; participants: Present[] }
export interface Offer { type: "offer"; peer_id: string; ticket: string; sdp: string; stun_uris: string[] }
export interface PeerNews { type: "peer_state"; peer_id: string; state: PeerStateLabel; reason: ReasonLabel | null }
export type ToTab =
  | Welcome
  | StateNews
  | TableNews
  | Offer
  | PeerNews
  | { type: "taken_over" }
  | { type: "closing"; in_ms: number | null }
  | { type: "error"; reason: ReasonLabel; detail: string };

/** How constants.js describes a field of a control message. */
export type FieldSpec = { nullable?: boolean; default?: unknown } & (
  | { kind: "string"; max_len: number; max_bytes?: number }
  | { kind: "int" | "float"; min: number; max: number }
  | { kind: "bool" }
  | { kind: "enum"; values: readonly string[] }
  | { kind: "list"; max_len: number; item: FieldSpec }
  | { kind: "object"; fields: Readonly<Record<string, FieldSpec>> }
);

// --- session_broker/io/routes/check.py, operator.py and pools.py ---

export interface CheckNode { node_id: string; hosts: string[]; port: number; ufrag: string; password: string }
/** A place where nodes are, and where pages measure how far it is. */
export interface Region { name: string; url: string }
export interface CheckPlan { nodes_ready: number; nodes: CheckNode[] }

export interface OperatorNode {
  node_id: string;
  name: string;
  state: "registering" | "ready" | "draining" | "lost";
  connected: boolean;
  heard_s: number;
  slots: number;
  slots_used: number;
  cpu_cores: number | null;
  cpu_percent: number;
  memory_bytes: number | null;
  memory_used_bytes: number;
  encoders: string[] | null;
  encode_ms_720p: number | null;
  gpus: string[] | null;
  region: string;
  region_known: boolean;
  sandbox: string | null;
  missing_walls: readonly string[];
}
export interface SessionFigures {
  session_id: string;
  peers: number;
  fps: number;
  sent_bps: number;
  encode_ms_p50: number;
  encode_ms_p99: number;
}
export interface OperatorSession {
  session_id: string;
  title_id: string;
  title_names: Record<string, string>;
  player_id: string;
  state: SessionStateLabel;
  reason: ReasonLabel | null;
  node_id: string | null;
  created_at_ms: number | null;
  participants: { role: RoleLabel; number: number; seats: number[]; has_tab: boolean; peer: PeerStateLabel | null; route: RouteLabel | null }[];
  figures: SessionFigures | null;
  delays: { input_ms_p50: number | null; input_ms_p95: number | null; rtt_ms: number | null } | null;
}
export interface PastSession {
  session_id: string;
  title_id: string;
  title_version: string;
  title_names: Record<string, string>;
  player_id: string;
  state: SessionStateLabel;
  reason: ReasonLabel | null;
  created_at_ms: number;
  ended_at_ms: number | null;
}
export interface OperatorOverview {
  nodes: OperatorNode[];
  nodes_known: number;
  sessions: OperatorSession[];
  sessions_live: number;
  ended: PastSession[];
}
export interface PastEvent {
  happened_at_ms: number;
  event: string;
  reason: ReasonLabel | null;
  data: Record<string, unknown>;
}
export interface PastPlacement {
  epoch: number;
  node_id: string;
  node_name: string;
  state: string;
  reason: ReasonLabel | null;
  created_at_ms: number;
  changed_at_ms: number;
}
export interface OperatorHistory { session: PastSession; detail: string; events: PastEvent[]; placements: PastPlacement[] }
export type PoolNodeState = "starting" | "ready" | "away" | "draining" | "ending";
export type PoolTrouble = "no_room" | "image" | "config" | "evicted" | "lost" | "crashed" | "ended";
export interface OperatorPool {
  name: string;
  adapter: "local" | "kubernetes" | null;
  price_per_hour: number;
  max_nodes: number;
  idle_wanted: number;
  states: Partial<Record<PoolNodeState, number>>;
  slots: number;
  slots_used: number;
  cost_per_hour: number;
  trouble: string;
  nodes: { name: string; trouble: PoolTrouble | null; words: string }[];
}
// --- the catalogue (GET /api/v1/titles) ---

export type Device = "keyboard" | "mouse" | "touch" | "pad";
/** Texts by language. */
export type Texts = Readonly<Record<string, string>>;

export interface Control { action: Texts; by_device: Readonly<Partial<Record<Device, Texts>>> }

/** How a title is played, for whoever takes part in its session (GET /api/v1/sessions/{id}/title). */
export interface PlayedTitle {
  id: string;
  names: Texts;
  devices: readonly Device[];
  controls: readonly Control[];
  touch: { mode: "pointer" | "pad"; controls: readonly string[] };
}

export interface Title extends PlayedTitle {
  version: string;
  kind: string;
  summary: Texts;
  artwork_url: string | null;
  picture: { width: number; height: number; fps: number };
  players: { min: number; max: number };
  /** `…_met` is null while no machine is ready. */
  needs: { memory_mib: number; memory_met: boolean | null; gpu: boolean; gpu_met: boolean | null };
  availability: { can_start: boolean; reason: ReasonLabel | null };
  session: { session_id: string; state: SessionStateLabel } | null;
  last_played_ms: number | null;
}

// --- the library ---

export interface LibraryFilter { query: string; players: "any" | "one" | "many"; devices: readonly Device[] }

/** The title on top of the library, and why it is there. */
export interface Spotlight { title: Title; why: "continue" | "again" | "new" }

/** What a guest's browser is invited to; the title is null once that is over. */
export interface Invited { sessionId: string; title: PlayedTitle | null }

export interface LegendDevice { device: Device; yours: boolean; lines: readonly { action: string; use: string }[] }

/** What a legend of controls needs. */
export interface LegendView {
  words: Words;
  language: string;
  /** What the visitor holds. */
  here: Device;
}

/** What the library's parts need to show titles. */
export interface LibraryView extends LegendView {
  /** The server's clock. */
  nowMs: number;
}

/** A page of the site's header. */
export interface SitePage { href: string; label: WordKey; role: "guest" | "player" | "operator" }

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
  decoded_share: number | null;
  frames_dropped: number;
  freezes: number;
  nacks: number;
  plis: number;
  rtt_ms: number | null;
  route: RouteLabel | null;
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
