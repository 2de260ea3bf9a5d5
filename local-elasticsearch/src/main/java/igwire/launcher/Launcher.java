package igwire.launcher;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Starts one node in this process and lives as long as it does.
 *
 * <p>Arguments are settings, {@code key=value} each; {@code path.home} names the folder with lib, modules, plugins and
 * config. SIGTERM closes the node and ends the process; a node that cannot start ends it with a stack trace and exit code 1.
 */
public final class Launcher {
    private Launcher() {}

    public static void main(String[] arguments) throws Exception {
        Settings.Builder builder = Settings.builder();
        for (String argument : arguments) {
            String[] pair = argument.split("=", 2);
            builder.put(pair[0], pair[1]);
        }
        try {
            run(builder.build());
        } catch (Throwable failure) {
            // Threads that the half-made node has left behind would keep the process alive without serving anyone.
            failure.printStackTrace();
            System.exit(1);
        }
    }

    private static void run(Settings settings) throws Exception {
        Path home = Path.of(settings.get("path.home"));
        LogConfigurator.configureESLogging();
        LogConfigurator.setNodeName(settings.get("node.name"));
        Environment environment = new Environment(settings, home.resolve("config"));
        LogConfigurator.configure(environment, true);
        PluginsLoader plugins = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(home.resolve("modules"), false),
            PluginsLoader.loadPluginsBundles(home.resolve("plugins"), false),
            Map.of());
        Node node = new Node(environment, plugins);
        // A node's threads are daemons: without something to wait for, the process would end at once, with exit code 0.
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, stopped)));
        node.start();
        stopped.await();
    }

    private static void close(Node node, CountDownLatch stopped) {
        try {
            node.close();
        } catch (Exception failure) {
            failure.printStackTrace();
        } finally {
            stopped.countDown();
        }
    }
}
