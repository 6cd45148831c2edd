import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Copies by Kafka's own producer, in transactions: JavaCopier PORT ID GROUP FROM TO. Every fourth transaction
 * is aborted. What it copies goes to the partition that it comes from; for each transaction that is
 * committed it prints how many records were in it.
 */
public final class JavaCopier {
    private final KafkaConsumer<String, String> consumer;
    private final String target;
    private int count = 0;

    private JavaCopier(Properties consumerSettings, String source, String target) {
        consumer = new KafkaConsumer<>(consumerSettings, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of(source));
        this.target = target;
    }

    public static void main(String[] args) {
        Properties reading = new Properties();
        reading.put("bootstrap.servers", "127.0.0.1:" + args[0]);
        reading.put("reconnect.backoff.max.ms", "500");
        Properties writing = new Properties();
        writing.putAll(reading);
        writing.put("transactional.id", args[1]);
        writing.put("transaction.timeout.ms", "5000");
        reading.put("group.id", args[2]);
        reading.put("auto.offset.reset", "earliest");
        reading.put("enable.auto.commit", "false");
        reading.put("isolation.level", "read_committed");
        reading.put("session.timeout.ms", "6000");
        reading.put("heartbeat.interval.ms", "200");
        reading.put("max.poll.records", "20");
        reading.put("fetch.max.wait.ms", "100");
        JavaCopier copier = new JavaCopier(reading, args[3], args[4]);
        while (true) {
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(writing, new StringSerializer(), new StringSerializer())) {
                producer.initTransactions();
                while (true) copier.copy(producer);
            } catch (KafkaException error) {
                System.err.println("again: " + error);
                copier.rewind();
            }
        }
    }

    private void copy(KafkaProducer<String, String> producer) {
        ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
        if (records.isEmpty()) return;
        producer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        List<ProducerRecord<String, String>> copies = new ArrayList<>();
        for (ConsumerRecord<String, String> record : records) {
            copies.add(new ProducerRecord<>(target, record.partition(), null, record.value()));
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            offsets.put(partition, new OffsetAndMetadata(record.offset() + 1));
        }
        for (ProducerRecord<String, String> copy : copies) producer.send(copy);
        count += 1;
        if (count % 4 == 0) {
            producer.abortTransaction();
            rewind();
            return;
        }
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        producer.commitTransaction();
        System.out.println(copies.size());
    }

    private void rewind() {
        while (true) {
            try {
                Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
                committed.forEach((partition, offset) ->
                        consumer.seek(partition, offset == null ? 0 : offset.offset()));
                return;
            } catch (KafkaException error) {
                System.err.println("rewinds again: " + error);
            }
        }
    }
}
