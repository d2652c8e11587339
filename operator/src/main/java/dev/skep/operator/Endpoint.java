package dev.skep.operator;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Probes and metrics over HTTP, on all addresses. */
final class Endpoint {
  private Endpoint() {}

  /**
   * @param healthy false: restart this process
   * @param ready true once it leads or stands by
   * @param metrics in Prometheus' text format
   * @throws IOException if the port is taken
   */
  static void serve(
      int port, BooleanSupplier healthy, BooleanSupplier ready, Supplier<String> metrics)
      throws IOException {
    var server = bind(port);
    probe(server, "/healthz", healthy);
    probe(server, "/readyz", ready);
    server.createContext(
        "/metrics",
        exchange -> {
          exchange
              .getResponseHeaders()
              .set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
          answer(exchange, HttpURLConnection.HTTP_OK, metrics.get());
        });
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  private static HttpServer bind(int port) throws IOException {
    try {
      return HttpServer.create(new InetSocketAddress(port), 0);
    } catch (BindException e) {
      throw new IOException("port " + port + " is taken; choose another with --port", e);
    }
  }

  private static void probe(HttpServer server, String path, BooleanSupplier good) {
    server.createContext(
        path,
        exchange -> {
          boolean yes = good.getAsBoolean();
          answer(
              exchange,
              yes ? HttpURLConnection.HTTP_OK : HttpURLConnection.HTTP_UNAVAILABLE,
              yes ? "ok\n" : "no\n");
        });
  }

  private static void answer(HttpExchange exchange, int code, String text) throws IOException {
    try (exchange) {
      var bytes = text.getBytes(UTF_8);
      exchange.sendResponseHeaders(code, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }
}
