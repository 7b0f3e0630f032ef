/** The line in TypeScript of a place in a compiled module, unless Node.js maps it itself. Both count from 1. */
export function sourceLine(file: string, line: number, column: number): number;
