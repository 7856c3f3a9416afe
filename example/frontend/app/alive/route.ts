// What the probes ask: this server answers. It says nothing about the backend, on purpose.
export const dynamic = 'force-dynamic';

export const GET = () => Response.json({ status: 'ok' });
