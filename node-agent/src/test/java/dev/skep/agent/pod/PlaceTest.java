package dev.skep.agent.pod;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlaceTest {
  private static final String UID = "0c5f3c1a-8d2e-4b6f-9a70-1e2d3c4b5a69";
  private static final String SLICED = UID.replace('-', '_');
  private static final String HASH = "5e9f1d2c3b4a59687786950a1b2c3d4e";
  private static final String ID =
      "4f3c2b1a09e8d7c6b5a4938271605f4e3d2c1b0a9f8e7d6c5b4a392817060504";
  private static final String NODE = ID.replace('4', '7');

  @ParameterizedTest
  @CsvSource({
    // systemd's driver
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podSLICED.slice/cri-containerd-ID.scope, containerd",
    "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podSLICED.slice/cri-containerd-ID.scope, containerd",
    "/kubepods.slice/kubepods-podSLICED.slice/cri-containerd-ID.scope, containerd",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podSLICED.slice/crio-ID.scope, cri-o",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podSLICED.slice/crio-ID.scope/container, cri-o",
    "/kubepods.slice/kubepods-podSLICED.slice/docker-ID.scope, docker",
    // kubelet below a slice of its own
    "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-podSLICED.slice/cri-containerd-ID.scope, containerd",
    "/some-thing.slice/some-thing-kubepods.slice/some-thing-kubepods-podSLICED.slice/cri-containerd-ID.scope, containerd",
    // cgroupfs
    "/kubepods/burstable/podUID/ID, ''",
    "/kubepods/besteffort/podUID/ID, ''",
    "/kubepods/podUID/ID, ''",
    "/kubepods/burstable/podUID/crio-ID, cri-o",
    "/foo/kubepods/podUID/ID, ''",
    // below a container
    "/kubepods/podUID/ID/system.slice/sshd.service, ''",
    "/kubepods.slice/kubepods-podSLICED.slice/cri-containerd-ID.scope/init.scope, containerd",
    "/kubepods/podUID/ID/docker/NODE, ''",
    "/kubepods/podUID/ID/kubepods/podSLICED/NODE, ''",
    // kubelet has systemd's driver, the runtime has cgroupfs
    "/system.slice/kubepods-burstable-podSLICED.slice:cri-containerd:ID, containerd",
    "/system.slice/containerd.service/kubepods-podSLICED.slice:cri-containerd:ID, containerd",
  })
  void aContainersCgroupTellsPodAndContainer(String path, String runtime) {
    assertThat(Place.of(real(path))).isEqualTo(new Place.InContainer(UID, ID, runtime));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podSLICED.slice",
        "/kubepods.slice/kubepods-podSLICED.slice",
        "/kubepods/besteffort/podUID",
        "/kubepods/podUID/not-a-container",
        // what looks after a container is not in it
        "/kubepods.slice/kubepods-podSLICED.slice/crio-conmon-ID.scope",
      })
  void aPodsOwnCgroupTellsThePod(String path) {
    assertThat(Place.of(real(path))).isEqualTo(new Place.InPod(UID));
  }

  @Test
  void aStaticPodIsCalledAfterItsHash() {
    assertThat(Place.of("/kubepods/burstable/pod" + HASH + "/" + ID))
        .isEqualTo(new Place.InContainer(HASH, ID, ""));
    assertThat(
            Place.of(
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
                    + HASH
                    + ".slice"))
        .isEqualTo(new Place.InPod(HASH));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/kubepods",
        "/kubepods.slice",
        "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice",
        "/kubepods/burstable",
      })
  void theRootOfAllPodsAndItsClassesAreKnown(String path) {
    assertThat(Place.of(real(path))).isEqualTo(new Place.PodsRoot());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "",
        "/system.slice/cron.service",
        "/user.slice/user-1000.slice/session-3.scope",
        "/kubelet.slice/kubelet.service",
        "/system.slice/podUID",
        "/podUID/x",
        "/system.slice/libpod-conmon-ID.scope",
        "/kubepodsx.slice",
      })
  void everythingElseIsTheHosts(String path) {
    assertThat(Place.of(real(path))).isEqualTo(new Place.Outside());
  }

  @ParameterizedTest
  @CsvSource({
    "/docker/ID, ''",
    "/system.slice/docker-ID.scope, docker",
    "/machine.slice/libpod-ID.scope/container, ''",
    "/ID, ''",
  })
  void aContainerThatKubeletDidNotMakeHasNoPod(String path, String runtime) {
    assertThat(Place.of(real(path))).isEqualTo(new Place.InContainer(null, ID, runtime));
  }

  @Test
  void theContainersOfANodeThatIsAContainerAreItsOwn() {
    assertThat(Place.of(real("/docker/NODE/kubelet/kubepods/podUID/ID")))
        .isEqualTo(new Place.InContainer(null, NODE, ""));
  }

  @ParameterizedTest
  @CsvSource({
    "nginx, nginx",
    "nginx:1.27, nginx",
    "docker.io/library/nginx:1.27@sha256:11, docker.io/library/nginx",
    "registry:5000/a/b, registry:5000/a/b",
    "registry:5000/a/b:c, registry:5000/a/b",
    "quay.io/a@sha256:11, quay.io/a",
  })
  void aRepositoryIsAnImagesNameWithoutTagAndDigest(String image, String repository) {
    assertThat(NodePod.repository(image)).isEqualTo(repository);
  }

  private static String real(@Nullable String path) {
    return path == null
        ? ""
        : path.replace("SLICED", SLICED)
            .replace("UID", UID)
            .replace("NODE", NODE)
            .replace("ID", ID);
  }
}
