package dev.skep.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/**
 * An argument to read and report.
 *
 * @param index which argument, from 0
 * @param source of a value that is no argument
 * @param resolve dotted path of members from the argument to the value
 * @param btfType structure that the argument is taken for
 * @param sizeArgIndex which argument holds the length of this one, from 1
 * @param returnCopy read when the call returns
 * @param maxData read as much as there is
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ArgumentSpec(
    @Min(0) @Max(63) @Nullable Long index,
    @OneOf({
          "auto",
          "int",
          "sint8",
          "int8",
          "uint8",
          "sint16",
          "int16",
          "uint16",
          "sint32",
          "int32",
          "uint32",
          "long",
          "sint64",
          "int64",
          "ulong",
          "uint64",
          "size_t",
          "string",
          "char_buf",
          "char_iovec",
          "const_buf",
          "data_loc",
          "fd",
          "file",
          "path",
          "filename",
          "dentry",
          "linux_binprm",
          "kiocb",
          "iov_iter",
          "sock",
          "skb",
          "socket",
          "sockaddr",
          "sockaddr_un",
          "net_device",
          "cred",
          "user_namespace",
          "capability",
          "kernel_cap_t",
          "cap_inheritable",
          "cap_permitted",
          "cap_effective",
          "module",
          "load_info",
          "bpf_attr",
          "bpf_map",
          "bpf_prog",
          "bpf_cmd",
          "perf_event",
          "syscall64",
          "nop"
        })
        @Nullable String type,
    @Size(max = 256) @Nullable String label,
    @OneOf({"current_task", "pt_regs"}) @Nullable String source,
    @Size(max = 1024) @Nullable String resolve,
    @Size(max = 256) @Nullable String btfType,
    @Size(max = 256) @Nullable String btfTypeModule,
    @Min(0) @Max(64) @Nullable Long sizeArgIndex,
    @Nullable Boolean returnCopy,
    @Nullable Boolean maxData) {}
