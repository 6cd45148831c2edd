import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.tools.consumer.group.ConsumerGroupCommand;

/**
 * Runs kafka-consumer-groups again and again without a new JVM: each line on standard input is its
 * arguments as a JSON array, and each line on standard output all that it printed, as a JSON string.
 */
public final class GroupTool {
    private static final ObjectMapper JSON =
        new ObjectMapper().configure(JsonGenerator.Feature.ESCAPE_NON_ASCII, true);

    public static void main(String[] none) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream output = System.out;
        Exit.setExitProcedure((code, message) -> {
            throw new IllegalStateException("exit " + code);
        });
        for (String line = input.readLine(); line != null; line = input.readLine())
            output.println(JSON.writeValueAsString(printed(JSON.readValue(line, String[].class))));
    }

    private static String printed(String[] args) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream all = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        System.setOut(all);
        System.setErr(all);
        try {
            ConsumerGroupCommand.main(args);
        } catch (IllegalStateException exit) {
            all.println(exit.getMessage());
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
