// What goes over the WebSocket and what elements hold, for the checker and for readers; no browser loads this.

/** What the page chooses; only what is set changes anything. */
export interface Settings {
  weights?: string | null;
  threshold?: number | null;
  attention?: boolean;
  /** Collection of own actions; null for none. */
  own?: string | null;
  /** Whether the program keeps pictures for some seconds, for videos of what is taught. */
  film?: boolean;
}

/** What is asked for while an action is taught (app/web/teach_messages.py), apart from the collection. */
export type Teaching =
  | { type: "teach-record"; action: string; since: number; until: number; both_sides: boolean | null; cuts: boolean; film: boolean }
  | { type: "teach-list" | "teach-undo" }
  | { type: "teach-show"; action: string }
  | { type: "teach-delete"; action: string; recording?: string }
  | { type: "teach-rename"; action: string; to: string }
  | { type: "teach-sides"; action: string; both_sides: boolean };

/** All messages to the program that are text (app/web/messages.py). */
export type Asked = ({ type: "settings" } & Settings) | { type: "record" } | ({ collection: string } & Teaching);

/** A collection of own actions (app/web/teaching.py). */
export interface Taught {
  type: "taught";
  collection: string | null;
  collections: string[];
  actions: {
    name: string;
    both_sides: boolean;
    hints: string[];
    recordings: { name: string; seconds: number; fit: number | null; odd: boolean; video: boolean }[];
  }[];
  undo: string | null;
  learnt: boolean;
  said: string;
  /** The recording that is new. */
  kept: string | null;
}

/** Skeletons of an action's recordings. */
export interface TeachShown {
  type: "teach-shown";
  collection: string;
  action: string;
  loops: Record<string, number[][]>;
}

export interface Person {
  id: number;
  label: string | null;
  score: number;
  /** The best five, best first. */
  top: [label: string, score: number][];
  /** Capture time of the frame since which the label is shown. */
  since: number | null;
  /** How often the action was done in a row; null where it is not counted. */
  count: number | null;
  /** Its tempo; null before two repetitions. */
  per_minute: number | null;
  /** x and y of each landmark in turn, in 1/10000 of the picture's width and height, not mirrored. */
  points: number[] | null;
  /** Of each landmark, in percent. */
  visibility: number[] | null;
}

/** Person, ages of its start and its end in seconds, label. */
export type Piece = [person: number, from: number, to: number, label: string | null];

/** The answer to a frame (app/web/answers.py). */
export interface Seen {
  type: "seen";
  captured: number;
  persons: Person[];
  message: string;
  warming: number;
  pose_ms: number;
  total_ms: number;
  recognise_ms: number;
  label_age_ms: number;
  attention?: Panel[];
}

/** All other messages of the program. */
export type Told =
  | { type: "ready"; weights: string; classes: string[]; subject: "person" | "hand"; joints: number[][] }
  | { type: "skipped"; captured: number; message?: string }
  | { type: "recorded"; record: unknown }
  | Taught
  | TeachShown
  | { type: "teach-failed" | "weights-failed" | "failed" | "refused" | "idle"; message: string };

/** A camera's picture as it is sent: a JPEG, and when it was taken, in milliseconds on the page's clock. */
export interface Packed {
  jpeg: ArrayBuffer;
  captured: number;
}

/** What packing.js is told: where a camera's pictures come from, a picture to pack, that one is wanted, or that it is over. */
export type Ordered =
  | { pictures: ReadableStream<VideoFrame>; origin: number }
  | { picture: VideoFrame | ImageBitmap; captured: number }
  | { wanted: true }
  | { over: true };

/**
 * A part of the live page that follows the session: cards, heat, figures ... Each method is called if it is there.
 * A part that has something to say to the program is given PoseLive's `ask`.
 */
export interface Part {
  /** Takes the answer to a frame. */
  seen?(answer: Seen): void;
  /** Takes any other message. */
  told?(message: Told): void;
  /** The camera was stopped, or other people are before it: nothing of before counts. */
  clear?(): void;
}

/** How landmarks are drawn (app/drawing/limbs.py). */
export interface Limbs {
  lines: [from: number, to: number, colour: string][];
  joints: string[];
  /** Landmarks that are small dots. */
  dots: number[];
  /** How many lines side by side are as long as the torso, or the palm. */
  slimness: number;
  /** Ends of the torso, or the palm. */
  top: number[];
  bottom: number[];
}

export type Drawing = Record<"person" | "hand", Limbs>;

export type Point = [x: number, y: number];
export type Place = [x: number, y: number, z: number];
export type Line = [from: number, to: number, value: number];

interface Titled {
  title: string;
  said: string;
}

/** The figures of app/drawing/heat.py. */
export interface BodyFigure extends Titled {
  kind: "body";
  points: (Point | null)[];
  bones: [number, number][];
  names: string[];
  values: number[] | null;
  lines: Line[];
}

export interface TimeFigure extends Titled {
  kind: "time";
  rows: string[];
  cells: number[][];
  curve: number[] | null;
  ticks: [where: number, text: string][];
}

export interface GridFigure extends Titled {
  kind: "grid";
  rows: string[];
  columns: string[];
  cells: number[][];
}

export interface SpaceFigure extends Titled {
  kind: "space";
  voxels: [x: number, y: number, z: number, value: number][];
  side: number;
  bones: [Place, Place][];
}

export type AnyFigure = BodyFigure | TimeFigure | GridFigure | SpaceFigure;

export interface Panel {
  person: number;
  figures: AnyFigure[];
}

/** Colours of the page, light or dark. */
export interface Ink {
  text: string;
  grid: string;
}

/** Radians about the upright and about the level axis. */
export interface Angles {
  across: number;
  up: number;
}

declare global {
  /** Only some browsers have it, and the type checker does not know it. */
  class MediaStreamTrackProcessor {
    constructor(init: { track: MediaStreamTrack; maxBufferSize?: number });
    readonly readable: ReadableStream<VideoFrame>;
  }
  interface WindowEventMap {
    "pose2action:settings": CustomEvent<Settings>;
    "pose2action:fusion": CustomEvent<{ names: string[]; shares: unknown[] }>;
  }
}
