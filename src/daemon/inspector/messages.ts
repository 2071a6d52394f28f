/** What the thread of the inspector is started with. */
export interface InspectorWorkerData {
  readonly database: string;
  /** 0: any free one. */
  readonly port: number;
}

/** From the thread of the inspector to the daemon; anything that comes back ends it. */
export type FromInspector =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'trouble'; readonly reason: string };
