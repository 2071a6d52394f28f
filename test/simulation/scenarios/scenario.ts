import { Broken, Scene } from './scene.ts';
import type { Violation } from '../violation.ts';

export interface Scenario {
  readonly name: string;
  /** What it holds the daemon to. */
  readonly law: string;
  readonly set: ConstructorParameters<typeof Scene>[1];
  readonly play: (scene: Scene) => Promise<void>;
}

/** Plays it to its end. A promise that broke is the outcome; anything else that is not as expected throws. */
export async function play({ name, set, play: tell }: Scenario): Promise<Violation | null> {
  const scene = new Scene(name, set);
  try {
    await tell(scene);
    await scene.finish();
    return null;
  } catch (error) {
    if (error instanceof Broken) return error.violation;
    throw error;
  } finally {
    scene.close();
  }
}
