// The runner's entry point, for both the main and the post step.
import { main } from './bundle.ts';

await main(import.meta.url);
