// The cluster's DNS: names of Services for the pods of the test node, which has no CoreDNS.
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import type { TestCluster } from '../cluster/cluster.ts';

/** What kubelets tell pods; `e2e/support/cluster/node-config.ts`. */
const CLUSTER_IP = '10.96.0.10';
const NAME = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/;

/** Answers until `stop`; only A records over UDP, which is all that the application asks for. */
export async function startDns(cluster: TestCluster): Promise<{ stop(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', async (query, from) => {
    const name = nameIn(query);
    const found = NAME.exec(name);
    const addresses = found ? await lookUp(cluster, `${found[2]}`, `${found[1]}`) : [];
    const isA = query.readUInt16BE(12 + name.length + 2) === 1;
    const reply = answer(query, name, isA ? addresses : [], addresses.length > 0);
    socket.send(reply, from.port, from.address);
  });
  const node = await nodeAddress(cluster);
  // Bound to it, since an answer from the bridge's address would not find its way back.
  await new Promise<void>((resolve) => socket.bind(0, node, resolve));
  await publish(cluster, node, (socket.address() as AddressInfo).port);
  return { stop: () => void socket.close() };
}

/** Where pods reach the machine. */
export async function nodeAddress(cluster: TestCluster): Promise<string> {
  const { body } = await cluster.api({ path: '/api/v1/nodes' });
  const addresses: { type: string; address: string }[] = body.items[0].status.addresses;
  const found = addresses.find(({ type }) => type === 'InternalIP');
  if (found === undefined) throw new Error('the node has no address');
  return found.address;
}

async function publish(cluster: TestCluster, node: string, port: number): Promise<void> {
  const metadata = { name: 'kube-dns', namespace: 'kube-system' };
  const ports = [{ name: 'dns', port: 53, protocol: 'UDP' }];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { clusterIP: CLUSTER_IP, ports },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    addressType: 'IPv4',
    ports: [{ name: 'dns', port, protocol: 'UDP' }],
    endpoints: [{ addresses: [node], conditions: { ready: true } }],
  };
  const list = { apiVersion: 'v1', kind: 'List', items: [service, slice] };
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(list));
}

async function lookUp(cluster: TestCluster, namespace: string, service: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/services/${service}`;
  const { status, body } = await cluster.api({ path });
  return status === 200 && body.spec.clusterIP !== 'None' ? [body.spec.clusterIP] : [];
}

/** RFC 1035, 4.1.2: labels with their lengths before them. */
function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; query[at]; at += 1 + (query[at] ?? 0)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  }
  return labels.join('.').toLowerCase();
}

function answer(query: Buffer, name: string, addresses: readonly string[], known: boolean): Buffer {
  const question = query.subarray(12, 12 + name.length + 2 + 4);
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // A response, authoritative, recursion there; code 3 is "no such name".
  header.writeUInt16BE(0x8580 | (known ? 0 : 3), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    // A pointer to the question's name, type A, class IN, 5 seconds, four bytes.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(1, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(5, 6);
    record.writeUInt16BE(4, 10);
    address.split('.').forEach((part, index) => void record.writeUInt8(Number(part), 12 + index));
    return record;
  });
  return Buffer.concat([header, question, ...records]);
}
