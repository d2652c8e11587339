/** What the agent reports of itself and when. Pure. */
@NullMarked
package dev.skep.agent.report;

import org.jspecify.annotations.NullMarked;
