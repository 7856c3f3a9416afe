// Every code of a finding, with its meaning and the hint for when nothing more specific is known.

/** code → [its meaning in one line, the hint for when nothing more specific is known]. */
export const codes = {
  'image-vulnerable': [
    'A scan found problems in an image at a severity that was asked for.',
    'Update what is named, or accept it in .trivyignore.yaml with statement and expired_at.',
  ],
  'manifest-insecure': [
    'A scan found weak settings in a manifest or Dockerfile at a severity that was asked for.',
    'Correct the field that is named, or accept its id in .trivyignore.yaml.',
  ],
  'scan-failed': [
    'The scanner could not do its work.',
    'Read what the scanner says; run it again if the failure is temporary.',
  ],
  'vulnerability-database-unavailable': [
    'The scanner has no vulnerability database, or only an old one.',
    'Run it again later, or name a mirror that the runner reaches in trivy-db-repository.',
  ],
  'exception-expiring': [
    'An entry of .trivyignore or .trivyignore.yaml has ended, ends soon, or never ends.',
    'Fix what it accepts, or look at it again and set a later day.',
  ],
  'release-invalid': [
    'A recorded release is not what a deploy writes, or claims what is not proven.',
    'Deploy the commit again instead of going back to the record, and delete its Secret.',
  ],
  'app-taken': [
    'Another repository deploys an application of this name here.',
    'Give the application another name, or set take-over: true where both share it on purpose.',
  ],
  'older-commit': [
    'The commit is older than the one that is live.',
    'Deploy the newer commit, or set allow-older: true to deploy this one all the same.',
  ],
  'release-not-found': ['There is no such release.', 'Take one of those that `history` lists.'],
  'prune-refused': ['Too much would be pruned.', 'If the list is right, set prune-confirm: true.'],
  'rollback-failed': [
    'What a failed run had changed could not be put back.',
    'Read what is in the way; run the last good deploy again.',
  ],
  'secret-in-output': [
    'An output would have held a secret.',
    'Take the value out of the secret inputs if it is none, or name things without it.',
  ],
  'secret-multiline': [
    'A secret has several lines, each of which GitHub masks by itself.',
    'Store it on one line: JSON by jq -c, everything else as base64.',
  ],
  'event-refused': [
    'This event may not deploy.',
    'Deploy from push, workflow_dispatch, release or schedule instead.',
  ],
  'runner-unsupported': [
    'The action runs on Linux alone.',
    'Use a Linux runner, x64 or arm64, hosted or your own (runs-on: ubuntu-24.04), or a job in a Linux container. On Windows and macOS the terminal works: webgen-deploy deploy.',
  ],
  'input-invalid': [
    'An input is missing or malformed.',
    'Correct the inputs; all problems are listed.',
  ],
  'manifest-invalid': [
    'A manifest cannot be read or was refused by the API server.',
    'Correct the manifest at the file and line shown.',
  ],
  'field-unknown': [
    'A manifest has a field that the API does not know.',
    'Correct the spelling or the indentation of the field.',
  ],
  'kind-unknown': [
    'The cluster does not serve this kind.',
    'Install its CustomResourceDefinition, add it to the manifests, or correct apiVersion and kind.',
  ],
  'helm-hook': [
    'A manifest is a hook of Helm.',
    'Render the chart with helm template --no-hooks, or annotate it with webgen-deploy/phase.',
  ],
  'api-warning': [
    'The cluster accepts an object and warns of it.',
    'Correct the field that it names.',
  ],
  'variable-unset': ['A ${NAME} was left unfilled.', 'Give it a value in the `variables` input.'],
  'field-immutable': [
    'A field that cannot be changed on a live object was changed.',
    'Put the old value back, rename the object, or annotate it with webgen-deploy/recreate: "true".',
  ],
  'field-conflict': [
    'Another field manager owns a field that the manifest sets.',
    'Remove the field from the manifest, or set force-conflicts: true to take it over.',
  ],
  'image-not-matched': [
    'A line of `images` matches no container.',
    'Use the image repository as it stands in the manifests.',
  ],
  unauthenticated: [
    'The credentials were not accepted.',
    'Check the key or token; create a new one if it was deleted.',
  ],
  forbidden: ['The account lacks a permission.', 'Grant the role or rule that is named.'],
  'cluster-unreachable': [
    'The Kubernetes API did not answer.',
    'Check the address, the security group (TCP 443 and 6443) and the proxy.',
  ],
  'cluster-not-running': [
    'The cluster is not running.',
    'Start it: yc managed-kubernetes cluster start <id>.',
  ],
  'tool-unavailable': [
    'A tool could not be installed in the asked version.',
    'Ask for another version, set tool-mirror, or install it on the runner.',
  ],
  'tool-checksum-mismatch': [
    'A downloaded tool is not the file its maker published.',
    'Do not use it. Check tool-mirror and the proxy, then report it.',
  ],
  'build-failed': [
    'An image could not be built.',
    'Read the last log lines of the step that failed; build the image locally.',
  ],
  'dockerfile-invalid': [
    'A Dockerfile cannot be read, or names what is not there.',
    'Correct the Dockerfile at the line shown, or `context` and `dockerfile` of the image.',
  ],
  'registry-unreachable': [
    'The registry did not answer.',
    'Check its address, the way from the runner to it, and the proxy; then run it again.',
  ],
  'registry-unauthenticated': [
    'The registry does not accept the login.',
    'Check registry-username and registry-password; a secret that is not set arrives empty.',
  ],
  'registry-denied': [
    'The registry does not allow the push or pull.',
    'Give the account the right to push to this repository.',
  ],
  'registry-read-only': [
    'The registry takes no images at the moment.',
    'Wait until its maintenance is over, or push to another registry.',
  ],
  'disk-full': [
    'A disk is full: of the builder or of the registry.',
    'Free space: docker buildx prune on the builder, a cleanup policy in the registry.',
  ],
  'image-not-found': [
    'The image or its tag is not in the registry.',
    'Check that the tag was pushed and that the registry id and the name are right.',
  ],
  'image-pull-denied': [
    'The registry denied access to the image.',
    "Give the node group's service account the role cloud-registry.artifacts.puller, or add an imagePullSecret.",
  ],
  'image-pull-failed': [
    'The image could not be pulled.',
    'Check the registry and the way from the nodes to it; a mirror helps against rate limits.',
  ],
  'image-name-invalid': [
    'The image reference is malformed.',
    'Write it as registry/repository:tag or registry/repository@sha256:….',
  ],
  'crash-loop': [
    'A container starts and dies again and again.',
    'Read the last log lines; run the image locally with the same environment.',
  ],
  'out-of-memory': [
    'A container was killed because it used more memory than its limit.',
    'Raise resources.limits.memory, or make the program use less.',
  ],
  'config-missing': [
    'A Secret, ConfigMap or key that a container needs is missing.',
    'Create it, or correct the name or key in the manifest.',
  ],
  'secret-key-kept': ['A key stays that `secrets` left out.', 'Take it away by hand if it may go.'],
  'container-start-failed': [
    'The container could not be started.',
    'Check command, args, the mounts and the image’s platform.',
  ],
  'probe-failing': [
    'A container runs but its probe fails.',
    'Check the path, the port and the time the program needs to start.',
  ],
  unschedulable: [
    'No node can run the pod.',
    'Lower the requests, correct nodeSelector, affinity or tolerations, or add nodes.',
  ],
  'quota-exceeded': [
    'A ResourceQuota leaves no room for the pod.',
    'Raise the quota, lower the requests, or set maxSurge: 0.',
  ],
  'admission-denied': [
    'An admission policy or webhook refused the object.',
    'Change what the policy names, or ask its owner for an exception.',
  ],
  'volume-unbound': [
    'A PersistentVolumeClaim gets no volume.',
    'Check the storage class, its quota and the access mode.',
  ],
  'volume-mount-failed': [
    'A volume cannot be mounted.',
    'Check that the Secret, ConfigMap or disk exists and is free.',
  ],
  'job-failed': ['A Job failed.', 'Read the log lines of its last pod.'],
  'rollout-paused': [
    'The Deployment is paused, so nothing will happen.',
    'Set spec.paused: false, or run kubectl rollout resume.',
  ],
  'rollout-failed': ['The rollout cannot finish.', 'Read the evidence.'],
  'address-pending': [
    'A load balancer or Ingress has no address yet.',
    'Look again in a few minutes; its events show what it waits for.',
  ],
  'service-mismatch': [
    'A Service or Ingress leads to nothing.',
    'Correct the selector, the port or the name of the backend.',
  ],
  locked: [
    'Another deploy of the same application holds the lock.',
    'Wait for that run or cancel it, or raise lock-timeout.',
  ],
  'lock-lost': [
    'The run lost its lock, so it wrote nothing more.',
    'Look at how the run that has the lock ended, then run this one again.',
  ],
  'timed-out': [
    'It was not ready in time.',
    'Read what it waited for; raise `timeout` if it only needs longer.',
  ],
  cancelled: ['The run was cancelled.', 'Run it again; what was applied is listed.'],
  'api-error': [
    'The API answered with an error.',
    'Read the evidence; run it again if the error is temporary.',
  ],
  'internal-error': ['A defect in webgen-deploy.', 'Please report it with its evidence.'],
} as const satisfies Record<string, readonly [string, string]>;

export type Code = keyof typeof codes;
