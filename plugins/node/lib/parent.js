// Imported before anything else: loading the rest takes long enough for a host to be gone meanwhile.

/** The process that started this one. */
export const parent = process.ppid
