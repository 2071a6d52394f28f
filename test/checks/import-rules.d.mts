export function checkImports(root: string): Promise<{ modules: number; violations: string[] }>;
