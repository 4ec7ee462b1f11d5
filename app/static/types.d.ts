// What goes over the WebSocket and what elements hold, for the checker and for readers; no browser loads this.

/** What the page chooses; only what is set changes anything (app/web/messages.py). */
export interface Settings {
  weights?: string | null;
  threshold?: number | null;
  attention?: boolean;
}

export interface Person {
  id: number;
  label: string | null;
  score: number;
  /** The best five, best first. */
  top: [label: string, score: number][];
}

/** Person, ages of its start and its end in seconds, label. */
export type Piece = [person: number, from: number, to: number, label: string | null];

/** The JSON before a picture (app/web/session.py, encode_view). */
export interface State {
  captured: number;
  fps: number;
  labels_per_second: number;
  pose_ms: number;
  recognise_ms: number;
  total_ms: number;
  label_age_ms: number;
  message: string;
  warming: number;
  persons: Person[];
  history: Piece[];
  attention?: Panel[];
}

export interface View {
  state: State;
  jpeg: Blob;
}

/** All messages that are text. */
export type Told =
  | { type: "ready"; weights: string; classes: string[]; subject: "person" | "hand" }
  | { type: "skipped"; captured: number; message?: string }
  | { type: "weights-failed" | "failed" | "refused" | "idle"; message: string };

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
  interface WindowEventMap {
    "pose2action:settings": CustomEvent<Settings>;
    "pose2action:fusion": CustomEvent<{ names: string[]; shares: unknown[] }>;
  }
}
