@NullMarked
package dev.skep.agent.report;

import org.jspecify.annotations.NullMarked;
