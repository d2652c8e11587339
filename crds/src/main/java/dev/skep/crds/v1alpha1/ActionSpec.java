package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to do when a selector matches.
 *
 * @param argError error that Override and NotifyEnforcer make the call return, as a negative number
 * @param argSig signal of Signal and NotifyEnforcer
 * @param argSock argument that holds the socket of TrackSock and UntrackSock
 * @param argIndex argument that Set writes to
 * @param argValue what Set writes
 * @param argRegs what an Override of a uprobe puts into registers
 * @param rateLimit of Post: seconds, or with s, m or h
 * @param rateLimitScope of Post
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "self.action != 'Signal' || (has(self.argSig) && self.argSig > 0)",
    message = "Signal needs argSig, a number from 1 to 64")
public record ActionSpec(
    @Required
        @OneOf({
          "Post", "NoPost", "Sigkill", "Signal", "Override", "NotifyEnforcer",
          "CleanupEnforcerNotification", "Set", "TrackSock", "UntrackSock", "GetUrl", "DnsLookup"
        })
        @Nullable String action,
    @Min(-4095) @Max(4095) @Nullable Long argError,
    @Min(0) @Max(64) @Nullable Long argSig,
    @Min(0) @Max(63) @Nullable Long argSock,
    @Min(0) @Max(63) @Nullable Long argIndex,
    @Min(0) @Max(4294967295.0) @Nullable Long argValue,
    @Size(max = 2048) @Nullable String argUrl,
    @Size(max = 256) @Nullable String argFqdn,
    @Size(max = 32) List<@Size(max = 256) String> argRegs,
    @Size(max = 256) @Nullable String argNewSymbol,
    @Min(0) @Nullable Long argNewAddr,
    @Nullable Long argNewOffset,
    @Size(max = 32) @Nullable String rateLimit,
    @OneOf({"thread", "process", "global"}) @Nullable String rateLimitScope,
    @Nullable Boolean kernelStackTrace,
    @Nullable Boolean userStackTrace,
    @Nullable Boolean imaHash) {
  public ActionSpec {
    argRegs = Lists.copy(argRegs);
  }
}
