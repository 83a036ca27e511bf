import type { ServiceBeside } from "#tests/support/service-beside.js";

/**
 * @param service - one of the installation's
 * @throws Error when it does not end as it should, or does not become ready again
 */
export async function restart(service: ServiceBeside): Promise<void> {
  const code = await service.stop();
  if (code !== 0) throw new Error(`it ended with ${code}`);
  await service.start();
}
