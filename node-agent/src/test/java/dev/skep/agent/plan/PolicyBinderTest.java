package dev.skep.agent.plan;

import static dev.skep.agent.Policies.killWrites;
import static dev.skep.agent.Policies.policy;
import static dev.skep.agent.Policies.syscall;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.plan.Binding.Bound;
import dev.skep.agent.plan.Binding.Unbindable;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelFunction.Parameter;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.bpf.PolicyPlan;
import dev.skep.policy.Hook;
import dev.skep.policy.Hook.Action;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Selector;
import dev.skep.policy.LabelSelector;
import dev.skep.policy.Policy;
import dev.skep.policy.Scope;
import dev.skep.policy.ast.Action.RateLimit;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.Selector.BinaryFilter.Part;
import dev.skep.policy.ast.Selector.CapabilitySet;
import dev.skep.policy.ast.Selector.Namespace;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PolicyBinderTest {
  private static final int HOST_USER = 0xf000_0000;
  private static final HostFacts HOST = host(true);

  private static HostFacts host(boolean asksLsm) {
    return new HostFacts() {
      @Override
      public OptionalInt syscallNumber(String name) {
        return name.equals("write") ? OptionalInt.of(1) : OptionalInt.empty();
      }

      @Override
      public KernelFunction function(String name) {
        return switch (name) {
          case "security_file_permission" ->
              new KernelFunction.Typed(
                  List.of(new Parameter.Pointer("file"), new Parameter.Integral(4, true)));
          case "bpf_lsm_bprm_check_security", "security_bprm_check" ->
              new KernelFunction.Typed(List.of(new Parameter.Pointer("linux_binprm")));
          case "bpf_lsm_file_open", "security_file_open" ->
              new KernelFunction.Typed(List.of(new Parameter.Pointer("file")));
          case "bpf_lsm_bprm_committed_creds" ->
              new KernelFunction.Typed(List.of(new Parameter.Pointer("linux_binprm")), false);
          case "security_socket_connect" ->
              new KernelFunction.Typed(
                  List.of(
                      new Parameter.Pointer("socket"),
                      new Parameter.Pointer("sockaddr"),
                      new Parameter.Integral(4, true)));
          case "inet_dgram_connect" ->
              new KernelFunction.Typed(
                  List.of(
                      new Parameter.Pointer("socket"),
                      new Parameter.Pointer("sockaddr_unsized"))); // since 6.19
          case "of_a_module" -> new KernelFunction.Untyped();
          default -> new KernelFunction.Missing();
        };
      }

      @Override
      public Optional<String> overridable(String syscall) {
        return asksLsm ? Optional.of("__x64_sys_" + syscall) : Optional.empty();
      }

      @Override
      public boolean asksLsmPrograms() {
        return asksLsm;
      }

      @Override
      public KernelFunction rawTracepoint(String event) {
        return event.equals("executed")
            ? new KernelFunction.Typed(
                List.of(
                    new Parameter.Pointer("task_struct"), new Parameter.Pointer("linux_binprm")))
            : new KernelFunction.Missing();
      }

      @Override
      public KernelTracepoint tracepoint(String subsystem, String event) throws BpfException {
        return switch (subsystem + "/" + event) {
          case "syscalls/sys_enter_lseek" -> TracepointFitTest.SEEK;
          case "task/hidden" -> throw new BpfException("open", 1, "tracefs is not there");
          default -> new KernelTracepoint.Missing();
        };
      }

      @Override
      public String architecture() {
        return "x86_64";
      }

      @Override
      public String resolveLinks(String path) {
        return switch (path) {
          case "/bin/sh" -> "/usr/bin/dash";
          case "/bin" -> "/usr/bin";
          default -> path;
        };
      }

      @Override
      public Namespaces namespaces() {
        return new Namespaces(1, 2, 3, 4, 5, 6, 0, 8, 9, HOST_USER);
      }
    };
  }

  private final PolicyBinder binder = new PolicyBinder(HOST, true);
  private final PolicyBinder withoutPods = new PolicyBinder(HOST, false);

  @Test
  void aPolicyBecomesAPlanWithAllNamesResolved() {
    var binding = binder.bind(killWrites("uid-1", 4, "/etc/passwd"));

    assertThat(binding)
        .isEqualTo(
            new Bound(
                new PolicyPlan(
                    "uid-1",
                    4,
                    false,
                    PolicyPlan.Scope.EVERYWHERE,
                    List.of(
                        new HookPlan(
                            0,
                            Set.of(1),
                            false,
                            List.of(
                                new ArgumentPlan(ArgumentKind.FD, 0, 0),
                                new ArgumentPlan(ArgumentKind.CHAR_BUF, 1, 2),
                                new ArgumentPlan(ArgumentKind.SIZE, 2, 0)),
                            List.of(
                                new SelectorPlan(
                                    List.of(),
                                    List.of(),
                                    List.of(
                                        new ArgumentFilter(
                                            0,
                                            false,
                                            new Matching.TextOneOf(Set.of("/etc/passwd")))),
                                    true,
                                    9)))))));
  }

  @Test
  void aTracepointIsBoundByItsFormat() {
    var hook =
        TracepointFitTest.hook(
            TracepointFitTest.argument(5, ArgumentType.AUTO),
            TracepointFitTest.argument(6, ArgumentType.LONG));

    assertThat(binder.bind(policy("uid-1", 1, hook)))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(bound.plan().hooks())
                    .containsExactly(
                        new HookPlan(
                            0,
                            new HookPlan.Place.Tracepoint("syscalls", "sys_enter_lseek"),
                            false,
                            List.of(
                                new ArgumentPlan(ArgumentKind.UINT32, 0, new HookPlan.Field(16, 4)),
                                new ArgumentPlan(ArgumentKind.LONG, 1, new HookPlan.Field(24, 8))),
                            List.of())));
  }

  @Test
  void aTracepointThatTheKernelLacksOrDoesNotShowIsNamed() {
    assertThat(binder.bind(policy("uid-1", 1, TracepointFitTest.at("task", "no_such"))))
        .isEqualTo(
            new Unbindable(
                List.of(
                    "spec.tracepoints[0].event: this node's kernel has no tracepoint task/no_such;"
                        + " kernels differ in them: keep the policy off such nodes with nodeSelector,"
                        + " or take one that they all have")));
    assertThat(binder.bind(policy("uid-1", 1, TracepointFitTest.at("task", "hidden"))))
        .isInstanceOfSatisfying(
            Unbindable.class,
            unbindable ->
                assertThat(unbindable.problems())
                    .singleElement()
                    .asString()
                    .contains("cannot be read", "tracefs is not there"));
  }

  @Test
  void aRawTracepointIsBoundByWhatTheKernelGivesIt() {
    var place = new Hook.Place.RawTracepoint("sched", "executed");
    var auto = on(place, argument(1, ArgumentType.AUTO));

    assertThat(((Bound) binder.bind(policy("uid-1", 1, auto))).plan().hooks())
        .containsExactly(
            new HookPlan(
                0,
                new HookPlan.Place.RawTracepoint("executed"),
                false,
                List.of(new ArgumentPlan(ArgumentKind.BINPRM, 1, 0)),
                List.of()));
    assertThat(problems(on(place, argument(0, ArgumentType.FILE))))
        .containsExactly(
            "spec.kprobes[0].args: executed of this node's kernel has a pointer to struct"
                + " task_struct at index 0, not one to struct file");
    assertThat(problems(on(new Hook.Place.RawTracepoint("sched", "no_such"))))
        .singleElement()
        .asString()
        .contains("no tracepoint sched/no_such");
  }

  @Test
  void theTypesOfAFunctionsArgumentsAreFoundOut() {
    var hook =
        function(
            "security_file_permission",
            argument(0, ArgumentType.AUTO),
            argument(1, ArgumentType.AUTO));
    var beyond = function("security_file_permission", argument(2, ArgumentType.AUTO));
    var untyped = function("of_a_module", argument(0, ArgumentType.AUTO));

    assertThat(((Bound) binder.bind(policy("uid-1", 1, hook))).plan().hooks().getFirst())
        .extracting(HookPlan::arguments)
        .isEqualTo(
            List.of(
                new ArgumentPlan(ArgumentKind.FILE, 0, 0),
                new ArgumentPlan(ArgumentKind.INT, 1, 0)));
    for (var wrong : List.of(beyond, untyped)) {
      assertThat(((Unbindable) binder.bind(policy("uid-1", 1, wrong))).problems())
          .singleElement()
          .asString()
          .contains("cannot be found out on this node; write it, such as type: int");
    }
  }

  @Test
  void ofSeveralCallsThoseThatMayBeMissingAreLeftOut() {
    var calls = on(new Hook.Place.Syscalls(List.of("write", "no_such"), true));
    var functions =
        on(new Hook.Place.Functions(List.of("security_file_permission", "no_such"), true));

    assertThat(((Bound) binder.bind(policy("uid-1", 1, calls))).plan().hooks())
        .extracting(HookPlan::place)
        .containsExactly(new HookPlan.Place.Syscalls(Set.of(1)));
    assertThat(((Bound) binder.bind(policy("uid-1", 1, functions))).plan().hooks())
        .extracting(HookPlan::place)
        .containsExactly(new HookPlan.Place.Functions(Set.of("security_file_permission")));
    assertThat(
            ((Unbindable)
                    binder.bind(
                        policy(
                            "uid-1",
                            1,
                            on(
                                new Hook.Place.Functions(
                                    List.of("security_file_permission", "no_such"), false)))))
                .problems())
        .singleElement()
        .asString()
        .contains("no function no_such");
  }

  private static Hook on(Hook.Place place, Hook.Argument... arguments) {
    return new Hook(
        0,
        "spec.kprobes[0]",
        "list:x",
        place,
        List.of(arguments),
        null,
        List.of(),
        null,
        List.of());
  }

  @Test
  void aFunctionIsBoundIfItHasWhatTheHookReads() {
    var hook = function("security_file_permission", argument(0, ArgumentType.FILE));

    assertThat(binder.bind(policy("uid-1", 1, hook)))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(bound.plan().hooks())
                    .containsExactly(
                        new HookPlan(
                            0,
                            new HookPlan.Place.Function("security_file_permission"),
                            false,
                            List.of(new ArgumentPlan(ArgumentKind.FILE, 0, 0)),
                            List.of())));
    assertThat(
            binder.bind(
                policy("uid-1", 1, function("of_a_module", argument(5, ArgumentType.PATH)))))
        .isInstanceOf(Bound.class);
  }

  @Test
  void aFunctionThatTheKernelLacksOrThatTakesSomethingElseIsNamed() {
    assertThat(problems(function("no_such")))
        .singleElement()
        .asString()
        .startsWith("spec.kprobes[0].call: this node's kernel has no function no_such;");
    assertThat(
            problems(
                function(
                    "security_file_permission",
                    argument(0, ArgumentType.PATH),
                    argument(0, ArgumentType.INT),
                    argument(0, ArgumentType.STRING),
                    argument(1, ArgumentType.SIZE),
                    argument(2, ArgumentType.INT))))
        .containsExactly(
            "spec.kprobes[0].args: security_file_permission of this node's kernel has a pointer to"
                + " struct file at index 0, not one to struct path",
            "spec.kprobes[0].args: security_file_permission of this node's kernel has a pointer to"
                + " struct file at index 0, not a number of 32 bits",
            "spec.kprobes[0].args: security_file_permission of this node's kernel has a pointer to"
                + " struct file at index 0, not a text",
            "spec.kprobes[0].args: security_file_permission of this node's kernel has a number of"
                + " 32 bits at index 1, not a number of 64 bits",
            "spec.kprobes[0].args: security_file_permission of this node's kernel has 2 parameters,"
                + " none with index 2");
  }

  @Test
  void aSystemCallIsOverriddenWhereTheKernelLetsPrograms() {
    var refusing =
        new Hook.Selector(null, List.of(), List.of(), new Hook.Action(true, 0, null, -1));
    var policy = policy("uid-1", 1, syscall("write", refusing));

    assertThat(binder.bind(policy))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(bound.plan().hooks().getFirst().place())
                    .isEqualTo(
                        new HookPlan.Place.Syscalls(Set.of(1), Map.of(1, "__x64_sys_write"))));
    assertThat(((Unbindable) new PolicyBinder(host(false), true).bind(policy)).problems())
        .singleElement()
        .asString()
        .startsWith("spec.kprobes[0].selectors: the action Override, but this node's kernel");
  }

  @Test
  void anLsmHookIsBoundWhereTheKernelAsksPrograms() {
    var hook = lsmHook("file_open", Hook.Action.POST, argument(0, ArgumentType.FILE));

    assertThat(binder.bind(policy("uid-1", 1, hook)))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(bound.plan().hooks())
                    .extracting(HookPlan::place)
                    .containsExactly(new HookPlan.Place.LsmHook("file_open")));
    var elsewhere = new PolicyBinder(host(false), true).bind(policy("uid-1", 1, hook));
    assertThat(((Unbindable) elsewhere).problems())
        .singleElement()
        .asString()
        .startsWith("spec.lsmhooks[0]: bpf is not among the security modules")
        .endsWith("hook the function security_file_open by a kprobe with syscall: false");
  }

  @Test
  void whatAFunctionAsksIsRefusedOnItsLsmHookWhereTheKernelAsksProgramsThere() {
    var refusing = new Hook.Action(true, 0, null, -1);

    assertThat(place("security_file_open", refusing, true))
        .isEqualTo(new HookPlan.Place.LsmHook("file_open"));
    assertThat(place("security_bprm_check", refusing, true))
        .isEqualTo(new HookPlan.Place.LsmHook("bprm_check_security"));
    assertThat(place("security_file_open", refusing, false))
        .isEqualTo(new HookPlan.Place.Function("security_file_open"));
    assertThat(place("security_file_open", new Hook.Action(true, 9), true))
        .isEqualTo(new HookPlan.Place.Function("security_file_open"));
    assertThat(place("security_file_open", new Hook.Action(true, 0, null, 1), true))
        .isEqualTo(new HookPlan.Place.Function("security_file_open"));
    assertThat(place("security_file_permission", refusing, true)) // the kernel has no such hook
        .isEqualTo(new HookPlan.Place.Function("security_file_permission"));
  }

  private static HookPlan.Place place(String symbol, Hook.Action action, boolean asksLsm) {
    var selector = new Hook.Selector(null, List.of(), List.of(), action);
    var hook =
        new Hook(
            0,
            "spec.kprobes[0]",
            symbol,
            new Hook.Place.Function(symbol, false),
            List.of(),
            null,
            List.of(selector),
            null,
            List.of());
    var bound = (Bound) new PolicyBinder(host(asksLsm), true).bind(policy("uid-1", 1, hook));
    return bound.plan().hooks().getFirst().place();
  }

  @Test
  void anLsmHookThatTheKernelLacksTakesSomethingElseOrCannotRefuseIsNamed() {
    var refusing = new Hook.Action(true, 0, null, -1);

    assertThat(problems(lsmHook("no_such", refusing)))
        .singleElement()
        .asString()
        .startsWith("spec.lsmhooks[0].hook: this node's kernel has no LSM hook no_such;");
    assertThat(problems(lsmHook("file_open", refusing, argument(0, ArgumentType.PATH))))
        .containsExactly(
            "spec.lsmhooks[0].args: the LSM hook file_open of this node's kernel has a pointer to"
                + " struct file at index 0, not one to struct path");
    assertThat(problems(lsmHook("bprm_committed_creds", refusing)))
        .containsExactly(
            "spec.lsmhooks[0].selectors: the action Override, but on this node's kernel the LSM"
                + " hook bprm_committed_creds only tells, and cannot refuse");
    assertThat(problems(lsmHook("bprm_committed_creds", Hook.Action.POST))).isEmpty();
  }

  private static Hook lsmHook(String name, Hook.Action action, Hook.Argument... arguments) {
    return new Hook(
        0,
        "spec.lsmhooks[0]",
        name,
        new Hook.Place.LsmHook(name),
        List.of(arguments),
        null,
        List.of(new Hook.Selector(null, List.of(), List.of(), action)),
        null,
        List.of());
  }

  @Test
  void anAddressOfASocketIsAsLongAsTheArgumentAfterItSays() {
    assertThat(addresses("security_socket_connect"))
        .containsExactly(
            new ArgumentPlan(ArgumentKind.SOCKET, 0, 0),
            new ArgumentPlan(ArgumentKind.SOCKADDR, 1, 2),
            new ArgumentPlan(ArgumentKind.SOCKADDR_UN, 1, 2));
    assertThat(addresses("inet_dgram_connect"))
        .containsExactly(
            new ArgumentPlan(ArgumentKind.SOCKET, 0, 0),
            new ArgumentPlan(ArgumentKind.SOCKADDR, 1, 0),
            new ArgumentPlan(ArgumentKind.SOCKADDR_UN, 1, 0));
    assertThat(problems(function("security_socket_connect", argument(0, ArgumentType.SOCKADDR))))
        .singleElement()
        .asString()
        .endsWith("a pointer to struct socket at index 0, not one to struct sockaddr");
  }

  private List<ArgumentPlan> addresses(String function) {
    var hook =
        function(
            function,
            argument(0, ArgumentType.SOCKET),
            argument(1, ArgumentType.SOCKADDR),
            argument(1, ArgumentType.SOCKADDR_UN));
    return binder.bind(policy("uid-1", 1, hook)) instanceof Bound(var plan)
        ? plan.hooks().getFirst().arguments()
        : List.of();
  }

  private List<String> problems(Hook hook) {
    return binder.bind(policy("uid-1", 1, hook)) instanceof Unbindable(var problems)
        ? problems
        : List.of();
  }

  private static Hook.Argument argument(int index, ArgumentType type) {
    return new Hook.Argument(index, type, OptionalInt.empty(), null);
  }

  private static Hook function(String symbol, Hook.Argument... arguments) {
    return function(0, new Hook.Place.Function(symbol, false), arguments);
  }

  private static Hook function(int index, Hook.Place.Function place, Hook.Argument... arguments) {
    return new Hook(
        index,
        "spec.kprobes[" + index + "]",
        place.symbol(),
        place,
        List.of(arguments),
        null,
        List.of(),
        null,
        List.of());
  }

  @Test
  void aFunctionThatMayBeMissingIsLeftOutWhereItIs() {
    var optional = function(1, new Hook.Place.Function("no_such", true));

    assertThat(binder.bind(policy("uid-1", 1, optional, function("security_file_permission"))))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(bound.plan().hooks())
                    .extracting(HookPlan::place)
                    .containsExactly(new HookPlan.Place.Function("security_file_permission")));
    assertThat(problems(optional))
        .containsExactly(
            "spec.kprobes: this node's kernel has none of the functions, all of which may be"
                + " missing");
  }

  @Test
  void aLinkToAnExecutableMeansTheExecutableToo() {
    var policy = policy("uid-1", 1, syscall("write", asking(whole("/bin/sh"))));

    assertThat(binder.bind(policy))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(process(bound))
                    .containsExactly(
                        new HookPlan.BinaryFilter(true, Set.of("/bin/sh", "/usr/bin/dash"))));
  }

  @Test
  void aSystemCallThatTheMachineDoesNotHaveIsNamedWithItsPath() {
    assertThat(binder.bind(policy("uid-1", 1, syscall("arch_prctl"))))
        .isInstanceOfSatisfying(
            Unbindable.class,
            unbindable ->
                assertThat(unbindable.problems())
                    .singleElement()
                    .asString()
                    .startsWith("spec.kprobes[0].call: ")
                    .contains("arch_prctl", "x86_64", "nodeSelector"));
  }

  @Test
  void allThatIsTooMuchForTheKernelIsNamedAtOnce() {
    var filter = whole("/" + "b".repeat(255));
    var policy = policy("u".repeat(40), 1, syscall("write", asking(filter)));

    assertThat(binder.bind(policy))
        .isInstanceOfSatisfying(
            Unbindable.class,
            unbindable ->
                assertThat(unbindable.problems())
                    .anySatisfy(p -> assertThat(p).startsWith("metadata.uid: "))
                    .anySatisfy(p -> assertThat(p).contains("longer than 255 bytes")));
  }

  @Test
  void aFolderThatIsALinkMeansTheFolderToo() {
    var below = new Hook.BinaryFilter(false, true, Part.PREFIX, Set.of("/bin/", "/bin/s"), false);
    var ends = new Hook.BinaryFilter(false, false, Part.POSTFIX, Set.of("/bin/"), true);

    assertThat(binder.bind(policy("uid-1", 1, syscall("write", asking(below, ends)))))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(process(bound))
                    .containsExactly(
                        new HookPlan.BinaryFilter(
                            false,
                            HookPlan.Owner.PARENT,
                            HookPlan.TextPart.PREFIX,
                            Set.of("/bin/", "/usr/bin/", "/bin/s"),
                            false),
                        new HookPlan.BinaryFilter(
                            false,
                            HookPlan.Owner.SELF,
                            HookPlan.TextPart.POSTFIX,
                            Set.of("/bin/"),
                            true)));
  }

  @Test
  void aLimitOfWhatIsToldIsKept() {
    var limit = new RateLimit(Long.MAX_VALUE, RateLimit.Scope.THREAD);
    var selector = new Selector(null, List.of(), List.of(), new Action(true, 9, limit, 0));

    assertThat(binder.bind(policy("uid-1", 1, syscall("write", selector))))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(bound.plan().hooks().getFirst().selectors().getFirst().limit())
                    .isEqualTo(new HookPlan.RateLimit(0xffff_ffffL, HookPlan.LimitScope.THREAD)));
  }

  @Test
  void theHostsNamespacesAreThoseOfTheNode() {
    var policy =
        policy(
            "uid-1",
            1,
            syscall(
                "write",
                asking(
                    new Hook.NamespaceFilter(true, Namespace.NET, true, Set.of(4_026_531_833L)),
                    new Hook.NamespaceChangeFilter(false, Set.of(Namespace.TIME)),
                    new Hook.CapabilityFilter(
                        false, CapabilitySet.PERMITTED, true, Set.of(Capability.CAP_SETPCAP)),
                    new Hook.CapabilityChangeFilter(
                        true, CapabilitySet.EFFECTIVE, false, Set.of(Capability.CAP_CHOWN)))));

    assertThat(binder.bind(policy))
        .isInstanceOfSatisfying(
            Bound.class,
            bound ->
                assertThat(process(bound))
                    .containsExactly(
                        new HookPlan.NamespaceFilter(
                            true, HookPlan.NamespaceKind.NET, Set.of(6, 0xeffffff9)),
                        new HookPlan.NamespaceChangeFilter(
                            false, Set.of(HookPlan.NamespaceKind.TIME)),
                        new HookPlan.CapabilityFilter(
                            false, HookPlan.CapabilitySet.PERMITTED, 1 << 8, HOST_USER),
                        new HookPlan.CapabilityChangeFilter(
                            true, HookPlan.CapabilitySet.EFFECTIVE, 1, 0)));
  }

  @Test
  void aNamespaceOfTheHostThatIsNotKnownIsSaid() {
    var filter = new Hook.NamespaceFilter(false, Namespace.TIME, true, Set.of());

    assertThat(binder.bind(policy("uid-1", 1, syscall("write", asking(filter)))))
        .isInstanceOfSatisfying(
            Unbindable.class,
            unbindable ->
                assertThat(unbindable.problems())
                    .singleElement()
                    .asString()
                    .isEqualTo(
                        "spec.kprobes[0].selectors[0].matchNamespaces:"
                            + " the host's TIME namespace is not known on this node"));
  }

  @Test
  void aPolicyForSomeProcessesActsWhereItIsToldTo() {
    var some = about(new Scope("sales", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING, false));

    assertThat(binder.bind(some))
        .isInstanceOfSatisfying(
            Bound.class,
            bound -> assertThat(bound.plan().scope()).isEqualTo(PolicyPlan.Scope.CHOSEN));
  }

  /** Rather not at all than for every process of the node. */
  @Test
  void whereNoPodsAreKnownAPolicyForSomeOfThemIsNotCarriedOut() {
    var some = about(new Scope("sales", LabelSelector.EVERYTHING, LabelSelector.EVERYTHING, false));
    var host = about(new Scope(null, LabelSelector.NOTHING, LabelSelector.EVERYTHING, true));

    assertThat(withoutPods.bind(some))
        .isInstanceOfSatisfying(
            Unbindable.class,
            unbindable ->
                assertThat(unbindable.problems())
                    .singleElement()
                    .asString()
                    .contains("--kube", "podSelector"));
    assertThat(withoutPods.bind(host)).isInstanceOf(Bound.class);
  }

  private static Policy about(Scope scope) {
    var all = policy("uid-1", 1, syscall("write"));
    return new Policy(
        all.name(),
        all.uid(),
        all.generation(),
        all.monitor(),
        all.nodeSelector(),
        scope,
        all.hooks());
  }

  private static List<HookPlan.ProcessFilter> process(Bound bound) {
    return bound.plan().hooks().getFirst().selectors().getFirst().process();
  }

  private static Hook.BinaryFilter whole(String path) {
    return new Hook.BinaryFilter(true, false, Part.WHOLE, Set.of(path), false);
  }

  private static Selector asking(Hook.ProcessFilter... filters) {
    return new Selector(null, List.of(filters), List.of(), Action.POST);
  }
}
