import type { DialectDemo } from './dialect-demo.ts';

/** The demo of each dialect, loaded when it runs. The first one is the default. */
const demos = {
  'control-plane': async () => (await import('./control-plane.ts')).controlPlaneDemo,
  'data-plane': async () => (await import('./data-plane.ts')).dataPlaneDemo,
  'signaling-pull': async () => (await import('./signaling-pull.ts')).signalingPullDemo,
  'signaling-push': async () => (await import('./signaling-push.ts')).signalingPushDemo,
} satisfies Record<string, () => Promise<DialectDemo>>;

export type DemoName = keyof typeof demos;

export const demoNames = Object.keys(demos) as [DemoName, ...DemoName[]];

export function isDemoName(text: string): text is DemoName {
  return Object.hasOwn(demos, text);
}

export async function loadDemo(name: DemoName): Promise<DialectDemo> {
  return await demos[name]();
}
