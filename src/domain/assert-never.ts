/** The last arm of a `switch` over a union: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new Error(`a value outside its union: ${JSON.stringify(value)}`);
}
