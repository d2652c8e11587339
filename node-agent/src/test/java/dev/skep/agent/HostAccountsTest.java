package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.Namespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostAccountsTest {
  @TempDir private Path dir;

  @Test
  void accountsAreReadAgainWhenTheyChangeAndWhatIsNoAccountIsPassedOver() throws IOException {
    var passwd = Files.writeString(dir.resolve("passwd"), "root:x:0:0::/:\ntoor:x:0:0::/:\n");
    var accounts = new HostAccounts(Namespaces.NONE, passwd);
    assertThat(accounts.userName(0)).isNull();

    accounts.refresh();
    assertThat(accounts.userName(0)).isEqualTo("root");

    Files.writeString(
        passwd, "# a comment\n+::::::\nother:x:0:0::/:\nnobody:x:4294967294:1::/:\nhalf:x\n");
    accounts.refresh();
    assertThat(accounts.userName(0)).isEqualTo("other");
    assertThat(accounts.userName(-2)).isEqualTo("nobody");
    assertThat(accounts.userName(1)).isNull();
  }

  @Test
  void accountsThatAreGoneAreTakenForWhatTheyWere() throws IOException {
    var passwd = Files.writeString(dir.resolve("passwd"), "root:x:0:0::/:\n");
    var accounts = new HostAccounts(Namespaces.NONE, passwd);
    accounts.refresh();

    Files.delete(passwd);
    accounts.refresh();

    assertThat(accounts.userName(0)).isEqualTo("root");
  }
}
