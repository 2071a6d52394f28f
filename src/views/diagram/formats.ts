/** `js`: the JSON as one call of `createMachine`, which the importer of Stately's editor wants. */
export const EXPORT_FORMATS = ['json', 'js', 'mermaid', 'svg'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
