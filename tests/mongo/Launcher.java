import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

/** Serves the MongoDB wire on a free port of the loopback and prints it; ends when standard input does. */
public final class Launcher {
    /** What it can do is version 5's; pymongo asks for wire version 9 at least. */
    private static final class Spoken implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    }

    public static void main(String[] arguments) throws Exception {
        MongoBackend backend = H2Backend.inMemory().version(new Spoken());
        MongoServer server = new MongoServer(backend);
        System.out.println(server.bind().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            // the parent says nothing; its end is what we wait for
        }
        server.shutdownNow();
    }
}
