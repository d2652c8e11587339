package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One place to watch. */
public sealed interface HookSpec {
  /** A sentence for the reader of the event. */
  @Nullable String message();

  /** Words for the reader of the event. */
  List<String> tags();

  List<SelectorSpec> selectors();

  /**
   * A function of the kernel.
   *
   * @param call its name, or {@code list:} and the name of one of {@link TracingPolicySpec#lists}
   * @param syscall whether it is a system call; so it is if nothing is said
   * @param wantsReturn report the return value too
   * @param data further values to report
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @ValidationRule(
      value = "!has(self.__return__) || !self.__return__ || has(self.returnArg)",
      message = "return is true, but returnArg is missing: add {index: 0, type: int}")
  record KprobeSpec(
      @Required @Size(min = 1, max = 256) @Nullable String call,
      @Nullable Boolean syscall,
      @JsonProperty("return") @Nullable Boolean wantsReturn,
      @Size(max = 8) List<ArgumentSpec> args,
      @Size(max = 8) List<ArgumentSpec> data,
      @Nullable ArgumentSpec returnArg,
      @OneOf({"", "Post", "TrackSock", "UntrackSock"}) @Nullable String returnArgAction,
      @Size(max = 16) List<SelectorSpec> selectors,
      @Size(max = 256) @Nullable String message,
      @Size(max = 16) List<@Size(min = 2, max = 128) String> tags,
      @Nullable CallNotFoundSpec ignore)
      implements HookSpec {
    public KprobeSpec {
      args = Lists.copy(args);
      data = Lists.copy(data);
      selectors = Lists.copy(selectors);
      tags = Lists.copy(tags);
    }
  }

  /**
   * @param callNotFound load the rest where the kernel has no such function
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record CallNotFoundSpec(@Nullable Boolean callNotFound) {}

  /**
   * @param raw whether the arguments are the kernel's own, not the fields of the text format
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record TracepointSpec(
      @Required @Size(min = 1, max = 256) @Nullable String subsystem,
      @Required @Size(min = 1, max = 256) @Nullable String event,
      @Nullable Boolean raw,
      @Size(max = 8) List<ArgumentSpec> args,
      @Size(max = 16) List<SelectorSpec> selectors,
      @Size(max = 256) @Nullable String message,
      @Size(max = 16) List<@Size(min = 2, max = 128) String> tags)
      implements HookSpec {
    public TracepointSpec {
      args = Lists.copy(args);
      selectors = Lists.copy(selectors);
      tags = Lists.copy(tags);
    }
  }

  /**
   * Functions of a program or library, by one of symbols, offsets and addrs.
   *
   * @param path of the file
   * @param binaryDigests of the file; others are left alone
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @ValidationRule(
      value =
          "[has(self.symbols) && size(self.symbols) > 0,"
              + " has(self.offsets) && size(self.offsets) > 0,"
              + " has(self.addrs) && size(self.addrs) > 0].exists_one(given, given)",
      message = "needs exactly one of symbols, offsets and addrs")
  @ValidationRule(
      value = "!has(self.__return__) || !self.__return__ || has(self.returnArg)",
      message = "return is true, but returnArg is missing: add {index: 0, type: int}")
  record UprobeSpec(
      @Required @Size(min = 1, max = 4095) @Nullable String path,
      @Size(max = 256) @Nullable String btfPath,
      @Size(max = 256) List<@Size(max = 1024) String> symbols,
      @Size(max = 256) List<@Min(0) Long> offsets,
      @Size(max = 256) List<@Min(0) Long> refCtrOffsets,
      @Size(max = 256) List<@Min(0) Long> addrs,
      @JsonProperty("return") @Nullable Boolean wantsReturn,
      @Size(max = 8) List<ArgumentSpec> args,
      @Size(max = 8) List<ArgumentSpec> data,
      @Nullable ArgumentSpec returnArg,
      @Size(max = 16) List<SelectorSpec> selectors,
      @Size(max = 256) @Nullable String message,
      @Size(max = 16) List<@Size(min = 2, max = 128) String> tags,
      @Size(max = 64) List<@Size(max = 256) String> binaryDigests,
      @Nullable DigestMismatchSpec ignore)
      implements HookSpec {
    public UprobeSpec {
      symbols = Lists.copy(symbols);
      offsets = Lists.copy(offsets);
      refCtrOffsets = Lists.copy(refCtrOffsets);
      addrs = Lists.copy(addrs);
      args = Lists.copy(args);
      data = Lists.copy(data);
      selectors = Lists.copy(selectors);
      tags = Lists.copy(tags);
      binaryDigests = Lists.copy(binaryDigests);
    }
  }

  /**
   * @param digestVerificationFailure load the rest where the file is another
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record DigestMismatchSpec(@Nullable Boolean digestVerificationFailure) {}

  /** A probe that a program brings along. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record UsdtSpec(
      @Required @Size(min = 1, max = 4095) @Nullable String path,
      @Required @Size(min = 1, max = 256) @Nullable String provider,
      @Required @Size(min = 1, max = 256) @Nullable String name,
      @Size(max = 256) @Nullable String btfPath,
      @Size(max = 8) List<ArgumentSpec> args,
      @Size(max = 16) List<SelectorSpec> selectors,
      @Size(max = 256) @Nullable String message,
      @Size(max = 16) List<@Size(min = 2, max = 128) String> tags)
      implements HookSpec {
    public UsdtSpec {
      args = Lists.copy(args);
      selectors = Lists.copy(selectors);
      tags = Lists.copy(tags);
    }
  }

  /** A hook of the kernel's security modules. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record LsmHookSpec(
      @Required @Size(min = 1, max = 256) @Nullable String hook,
      @Size(max = 8) List<ArgumentSpec> args,
      @Size(max = 16) List<SelectorSpec> selectors,
      @Size(max = 256) @Nullable String message,
      @Size(max = 16) List<@Size(min = 2, max = 128) String> tags)
      implements HookSpec {
    public LsmHookSpec {
      args = Lists.copy(args);
      selectors = Lists.copy(selectors);
      tags = Lists.copy(tags);
    }
  }
}
