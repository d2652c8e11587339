/** Watches what nodes report and writes the status of policies and the ledger. */
@NullMarked
package dev.skep.operator.policies;

import org.jspecify.annotations.NullMarked;
