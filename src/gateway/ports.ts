/** Port for clients. Connection points use it too while a gateway has one VM. */
export const CLIENT_PORT = 443;

/**
 * Ports of the public address on which connection points reach single VMs when there are two or more: VM n at 10123 + n
 * ("Data flow for cloud management gateway"). Sixteen, as a gateway has at most sixteen VMs. Clients always use 443.
 */
export const FIRST_INSTANCE_PORT = 10_124;
export const LAST_INSTANCE_PORT = 10_139;
