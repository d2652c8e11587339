/**
 * The options of {@code skep-agent run}, by theme, and where their values may come from: the
 * command line, the environment, a folder of files.
 */
@NullMarked
package dev.skep.agent.options;

import org.jspecify.annotations.NullMarked;
