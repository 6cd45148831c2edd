import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command-line tools again and again without a new JVM: each line on standard input is a JSON
 * array of a tool's class and its arguments, and each line on standard output all that it printed, as a JSON
 * string.
 */
public final class KafkaTool {
    private static final ObjectMapper JSON =
        new ObjectMapper().configure(JsonGenerator.Feature.ESCAPE_NON_ASCII, true);

    public static void main(String[] none) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream output = System.out;
        Exit.setExitProcedure((code, message) -> {
            throw new IllegalStateException(code == 0 ? "" : "exit " + code);
        });
        for (String line = input.readLine(); line != null; line = input.readLine())
            output.println(JSON.writeValueAsString(printed(JSON.readValue(line, String[].class))));
    }

    private static String printed(String[] args) throws ReflectiveOperationException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream all = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        System.setOut(all);
        System.setErr(all);
        try {
            Class.forName(args[0])
                .getMethod("main", String[].class)
                .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
        } catch (InvocationTargetException exit) {
            all.print(exit.getCause().getMessage());
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
