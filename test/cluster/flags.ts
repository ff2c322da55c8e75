/** Ports on 127.0.0.1, all different. */
export interface Ports {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
  readonly controllerManager: number;
}

/** Paths of the files that the servers read, and of the directories that they write to. */
export interface Layout {
  readonly etcdData: string;
  readonly scratch: string;
  /** Signed the servers' certificates and the clients'. */
  readonly ca: string;
  readonly servingCert: string;
  readonly servingKey: string;
  readonly signingPublicKey: string;
  readonly signingKey: string;
  readonly tokens: string;
  readonly kubeconfig: string;
}

/** Flags of etcd, as the envtest harness of sigs.k8s.io/controller-runtime gives them. */
export function etcdArgs(layout: Layout, ports: Ports): string[] {
  return [
    `--data-dir=${layout.etcdData}`,
    `--listen-client-urls=http://127.0.0.1:${ports.etcdClient}`,
    `--advertise-client-urls=http://127.0.0.1:${ports.etcdClient}`,
    `--listen-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
    `--initial-cluster=default=http://127.0.0.1:${ports.etcdPeer}`,
    '--log-level=warn',
    // The data is gone after the run anyway; waiting for the disk would only make the tests slow.
    '--unsafe-no-fsync=true',
  ];
}

/** Flags of kube-apiserver: the envtest harness's, and an address that needs no network interface. */
export function apiServerArgs(layout: Layout, ports: Ports): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // There are no nodes that would reach the service `kubernetes` at this address.
    '--endpoint-reconciler-type=none',
    `--secure-port=${ports.apiServer}`,
    `--cert-dir=${layout.scratch}`,
    `--tls-cert-file=${layout.servingCert}`,
    `--tls-private-key-file=${layout.servingKey}`,
    `--client-ca-file=${layout.ca}`,
    `--token-auth-file=${layout.tokens}`,
    // A stop ends open watches after this time. By default it waits for them, up to a minute.
    '--shutdown-watch-termination-grace-period=1s',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--allow-privileged=true',
    '--authorization-mode=RBAC',
    // It would refuse pods until a controller has made the namespace's default service account.
    '--disable-admission-plugins=ServiceAccount',
    `--service-account-issuer=https://127.0.0.1:${ports.apiServer}/`,
    `--service-account-key-file=${layout.signingPublicKey}`,
    `--service-account-signing-key-file=${layout.signingKey}`,
  ];
}

/** Flags of kube-controller-manager, with the controllers that tests can use without nodes. */
export function controllerManagerArgs(layout: Layout, ports: Ports): string[] {
  return [
    `--kubeconfig=${layout.kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.controllerManager}`,
    `--cert-dir=${layout.scratch}`,
    `--tls-cert-file=${layout.servingCert}`,
    `--tls-private-key-file=${layout.servingKey}`,
    '--leader-elect=false',
    `--root-ca-file=${layout.ca}`,
    `--service-account-private-key-file=${layout.signingKey}`,
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    `--controllers=${CONTROLLERS.join(',')}`,
  ];
}

const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'deployment-controller',
  'replicaset-controller',
];
