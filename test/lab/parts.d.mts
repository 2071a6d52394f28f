export const lab: string;
export function missingParts(): readonly { readonly name: string; readonly install: string }[];
