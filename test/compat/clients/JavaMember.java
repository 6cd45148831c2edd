import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a group by Kafka's own consumer: JavaMember [KEY=VALUE…] PORT GROUP TOPIC…
 * Speaks with the test over its standard streams as taking.ts does, and commits what it has taken.
 */
public final class JavaMember implements ConsumerRebalanceListener {
    private static final int COMMIT_EVERY = 5;
    private static final ObjectMapper JSON = new ObjectMapper().configure(JsonGenerator.Feature.ESCAPE_NON_ASCII, true);

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final Map<TopicPartition, OffsetAndMetadata> taken = new HashMap<>();
    private final KafkaConsumer<String, String> consumer;
    private boolean stopped = false;

    private JavaMember(Properties properties) {
        consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        List<String> rest = new ArrayList<>();
        for (String each : args) {
            int at = each.indexOf('=');
            if (at < 0) rest.add(each);
            else properties.put(each.substring(0, at), each.substring(at + 1));
        }
        properties.put("bootstrap.servers", "127.0.0.1:" + rest.get(0));
        properties.put("group.id", rest.get(1));
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        properties.put("fetch.max.wait.ms", "100");
        properties.put("reconnect.backoff.max.ms", "500");
        JavaMember member = new JavaMember(properties);
        Thread listener = new Thread(member::listen);
        listener.setDaemon(true);
        listener.start();
        member.work(rest.subList(2, rest.size()));
    }

    private void listen() {
        try (BufferedReader input = new BufferedReader(new InputStreamReader(System.in))) {
            for (String line = input.readLine(); line != null; line = input.readLine()) heard.add(line);
        } catch (java.io.IOException gone) {
            // The test is gone.
        }
        heard.add("stop");
    }

    private void work(List<String> topics) throws Exception {
        consumer.subscribe(topics, this);
        for (int count = 1; !stopped; count += 1) {
            ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
            if (!records.isEmpty()) take(records);
            if (count % COMMIT_EVERY == 0) commit();
            for (String word = heard.poll(); word != null; word = heard.poll()) stopped |= word.equals("stop");
        }
        commit();
        consumer.close();
    }

    private void take(ConsumerRecords<String, String> records) throws Exception {
        List<List<Object>> lines = new ArrayList<>();
        for (ConsumerRecord<String, String> each : records)
            lines.add(List.of(each.topic(), each.partition(), each.offset(), each.value()));
        System.out.println(JSON.writeValueAsString(lines));
        while (!heard.take().equals("ok")) stopped = true;
        for (ConsumerRecord<String, String> each : records)
            taken.put(new TopicPartition(each.topic(), each.partition()), new OffsetAndMetadata(each.offset() + 1));
    }

    private void commit() {
        if (taken.isEmpty()) return;
        try {
            consumer.commitSync(taken, Duration.ofSeconds(10));
        } catch (KafkaException refused) {
            // A rebalance came, or the broker is away: it will be read again.
        }
        taken.clear();
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        commit();
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        taken.keySet().removeAll(partitions);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
}
