package introspect

// ReadDefinition lets tests see what was read, before relationships are derived from it.
var ReadDefinition = readDefinition
