// What the runner starts, for the main step and the post step alike.
import { main } from './bundle.ts';

await main(import.meta.url);
