/**
 * Topics that a service alone writes, said here without the service: a broker that runs alone keeps them from everybody else as well, so
 * that the records in its data directory are still the service's own when it runs there again. A test holds this to what the services say.
 */
export const ownedTopics: ReadonlySet<string> = new Set(["waitroom.records"]);
