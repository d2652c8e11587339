/**
 * Where encoded events go, each a line:
 *
 * <pre>
 *   event -> EventJson -> LineSink -> LineQueue -> LineWriter -> Outlet
 *            (the ring's thread)                   (the same, or for pipes the sink's)
 * </pre>
 *
 * What shall not be exported is best stopped before it costs anything. Export filters and the rate
 * limit, which need the event and no line, belong before EventJson; redaction and field filters,
 * which change what is told of a process, into EventJson where the process's part is encoded once.
 * None of them has a place behind the line: there nothing but bytes is known.
 */
@NullMarked
package dev.skep.events.sink;

import org.jspecify.annotations.NullMarked;
