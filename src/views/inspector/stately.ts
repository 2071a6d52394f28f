/** Stately's own; a page that any window may open and hand its messages to. */
export const STATELY_INSPECTOR = 'https://stately.ai/inspect';
