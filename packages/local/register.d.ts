/** The line in TypeScript of a place in a compiled module; lines and columns begin with 1. */
export function originalLine(file: string, line: number, column: number): number;
