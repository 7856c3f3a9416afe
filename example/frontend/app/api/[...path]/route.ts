import { passOn } from '../../../lib/proxy.ts';

export const dynamic = 'force-dynamic';

export const GET = (request: Request) => passOn(request);
export const POST = (request: Request) => passOn(request);
