package dev.skep.e2e;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls between the rooms, and within a room between its core and its adapters. */
@AnalyzeClasses(packages = "dev.skep", importOptions = ImportOption.DoNotIncludeTests.class)
class RoomsTest {
  private static final String[] KUBERNETES_CLIENT = {
    "io.fabric8.kubernetes.client..", "io.javaoperatorsdk.."
  };

  @ArchTest
  static final ArchRule onlyTheBpfRoomCallsNativeCode =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.skep.bpf..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.lang.foreign..");

  @ArchTest
  static final ArchRule thePolicyLanguageIsPure =
      noClasses()
          .that()
          .resideInAnyPackage("dev.skep.policy..", "dev.skep.nodeconfig..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.fabric8.kubernetes.client..", "io.javaoperatorsdk..", "java.net..");

  @ArchTest
  static final ArchRule theWireTypesKnowNoOtherRoom =
      noClasses()
          .that()
          .resideInAPackage("dev.skep.crds..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.skep.agent..", "dev.skep.operator..", "dev.skep.bpf..", "dev.skep.events..");

  @ArchTest
  static final ArchRule eventsKnowNoOtherRoom =
      noClasses()
          .that()
          .resideInAPackage("dev.skep.events..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.skep.agent..",
              "dev.skep.operator..",
              "dev.skep.bpf..",
              "dev.skep.policy..",
              "dev.skep.crds..");

  @ArchTest
  static final ArchRule theBpfRoomKnowsNoOtherRoom =
      noClasses()
          .that()
          .resideInAPackage("dev.skep.bpf..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.skep.agent..",
              "dev.skep.operator..",
              "dev.skep.events..",
              "dev.skep.policy..",
              "dev.skep.crds..",
              "io.fabric8..");

  @ArchTest
  static final ArchRule operatorAndAgentMeetOnlyInTheCluster =
      noClasses()
          .that()
          .resideInAPackage("dev.skep.operator..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.skep.agent..", "dev.skep.bpf..", "dev.skep.events..");

  @ArchTest
  static final ArchRule whatTheOperatorDecidesIsDecidedWithoutAServer =
      noClasses()
          .that()
          .resideInAnyPackage("dev.skep.operator.plan..", "dev.skep.operator.status..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(KUBERNETES_CLIENT);

  @ArchTest
  static final ArchRule whatTheAgentDecidesIsDecidedWithoutAServer =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.skep.agent.plan..",
              "dev.skep.agent.pod..",
              "dev.skep.agent.process..",
              "dev.skep.agent.event..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(KUBERNETES_CLIENT);

  @ArchTest
  static final ArchRule packagesFormNoCycles =
      slices().matching("dev.skep.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule noRoomIsCalledAfterNothing =
      noClasses()
          .should()
          .resideInAnyPackage(
              "..util..", "..utils..", "..common..", "..impl..", "..helper..", "..misc..");
}
