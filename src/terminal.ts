// Composition root on a terminal.
export async function terminal(): Promise<void> {}
