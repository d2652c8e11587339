package dev.skep.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.util.function.BooleanSupplier;

/** Answers the kubelet's probes over HTTP: 200 for yes, 503 for no. */
final class HealthServer implements AutoCloseable {
  private final HttpServer server;

  /**
   * @param healthy /healthz; no: restart this process
   * @param ready /readyz
   * @throws IOException if the address cannot be had
   */
  HealthServer(InetSocketAddress address, BooleanSupplier healthy, BooleanSupplier ready)
      throws IOException {
    try {
      server = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new IOException("--health-server-address " + address + ": " + e.getMessage(), e);
    }
    answer("/healthz", healthy);
    answer("/readyz", ready);
    server.start();
  }

  private void answer(String path, BooleanSupplier good) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            boolean yes = good.getAsBoolean();
            var text = (yes ? "ok\n" : "no\n").getBytes(UTF_8);
            exchange.sendResponseHeaders(
                yes ? HttpURLConnection.HTTP_OK : HttpURLConnection.HTTP_UNAVAILABLE, text.length);
            exchange.getResponseBody().write(text);
          }
        });
  }

  /** Where it listens, with the port that was chosen if none was asked for. */
  InetSocketAddress address() {
    return server.getAddress();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
