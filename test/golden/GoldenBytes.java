import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Writes the golden corpus: what Kafka's own classes make of messages that are filled from a seed,
 * and what they should be read as. One JSON object a line, gzipped; README.md tells its form.
 */
public final class GoldenBytes {
    /** Share-state requests, which only brokers send to each other. */
    private static final int FIRST_INTERNAL = 83;
    private static final int LAST_INTERNAL = 87;
    private static final long SAFE_MAX = (1L << 53) - 1;
    private static final int[] UNKNOWN_TAGS = {9, 300, 70_000};
    private static final String LETTERS =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    /** What a message is filled with. */
    private enum Filling { FULL, NULLS, DEFAULTS, TAGS }

    private final Random random;
    private final short version;
    private final Filling filling;

    private GoldenBytes(long seed, short version, Filling filling) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.version = version;
        this.filling = filling;
    }

    public static void main(String[] arguments) throws Exception {
        Path target = Path.of(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        try (Writer out = new OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(target)) {{ def.setLevel(9); }},
                StandardCharsets.UTF_8)) {
            for (ApiMessageType api : ApiMessageType.values()) {
                boolean internal = api.apiKey() >= FIRST_INTERNAL && api.apiKey() <= LAST_INTERNAL;
                if (internal || !api.listeners().contains(ListenerType.BROKER)) continue;
                short last = api.highestSupportedVersion(true);
                for (short v = api.lowestSupportedVersion(); v <= last; v++) {
                    short header = api.requestHeaderVersion(v);
                    writeCases(out, seed, api.apiKey(), "request", api.newRequest(), v, header);
                    header = api.responseHeaderVersion(v);
                    writeCases(out, seed, api.apiKey(), "response", api.newResponse(), v, header);
                }
            }
            for (short v = RequestHeaderData.LOWEST_SUPPORTED_VERSION; v <= 2; v++)
                writeCases(out, seed, -1, "request", new RequestHeaderData(), v, v);
            for (short v = ResponseHeaderData.LOWEST_SUPPORTED_VERSION; v <= 1; v++)
                writeCases(out, seed, -1, "response", new ResponseHeaderData(), v, v);
        }
    }

    private static void writeCases(
            Writer out, long seed, int key, String side, Message empty, short version, short header)
            throws Exception {
        boolean flexible = hasTags(schemaOf(empty.getClass(), version));
        for (Filling filling : Filling.values()) {
            if (filling == Filling.TAGS && !flexible) continue;
            long caseSeed = seed * 1_000_003 + key * 4_001L + version * 31L
                + filling.ordinal() * 7L + side.length();
            GoldenBytes golden = new GoldenBytes(caseSeed, version, filling);
            Message message = empty.getClass().getDeclaredConstructor().newInstance();
            golden.fill(message, 0);
            ObjectNode line = JsonNodeFactory.instance.objectNode();
            line.put("key", key).put("side", side).put("version", version).put("header", header);
            line.put("case", filling.name().toLowerCase());
            line.put("bytes", Base64.getEncoder().encodeToString(bytesOf(message, version)));
            line.set("value", json(message, version));
            out.write(line.toString());
            out.write('\n');
        }
    }

    private static byte[] bytesOf(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        if (buffer.hasRemaining()) throw new IllegalStateException("short " + message.getClass());
        return buffer.array();
    }

    /** What the message is in JSON; of records their size only. */
    private static JsonNode json(Message message, short version) throws Exception {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        Method write = converter.getMethod("write", message.getClass(), short.class, boolean.class);
        return (JsonNode) write.invoke(null, message, version, false);
    }

    /** Fills every field that the version has, except for a message of defaults. */
    private void fill(Message message, int depth) throws Exception {
        if (filling == Filling.DEFAULTS) return;
        Schema schema = schemaOf(message.getClass(), version);
        Map<String, org.apache.kafka.common.protocol.types.Type> present = new HashMap<>();
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields tags)
                tags.fields().values().forEach(field -> present.put(plain(field.name), field.type));
            else present.put(plain(bound.def.name), bound.def.type);
        }
        for (Field field : message.getClass().getDeclaredFields()) {
            org.apache.kafka.common.protocol.types.Type wire = present.get(plain(field.getName()));
            if (Modifier.isStatic(field.getModifiers()) || wire == null) continue;
            field.setAccessible(true);
            if (filling == Filling.NULLS && wire.isNullable()) field.set(message, null);
            else if (wire == org.apache.kafka.common.protocol.types.Type.UINT16)
                field.set(message, random.nextInt(0x10000));
            else field.set(message, value(field.getGenericType(), message, field, depth));
        }
        if (filling == Filling.TAGS)
            for (int tag : UNKNOWN_TAGS)
                message.unknownTaggedFields()
                    .add(new RawTaggedField(tag, bytes(random.nextInt(5))));
    }

    @SuppressWarnings("unchecked")
    private Object value(Type type, Message owner, Field field, int depth) throws Exception {
        if (type == boolean.class) return random.nextBoolean();
        if (type == byte.class || type == Byte.class) return (byte) random.nextInt();
        if (type == short.class || type == Short.class) return (short) random.nextInt();
        if (type == int.class || type == Integer.class)
            return random.nextInt() >> random.nextInt(32);
        if (type == long.class || type == Long.class) return number(owner, field.getName());
        if (type == double.class) return random.nextGaussian() * 1e6;
        if (type == String.class) return text();
        if (type == Uuid.class) return new Uuid(random.nextLong(), random.nextLong());
        if (type == byte[].class) return bytes(random.nextInt(40));
        if (type == ByteBuffer.class) return ByteBuffer.wrap(bytes(random.nextInt(40)));
        if (type == BaseRecords.class)
            return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes(random.nextInt(200))));
        if (type instanceof Class<?> && Message.class.isAssignableFrom((Class<?>) type))
            return struct((Class<?>) type, depth);
        Type element = elementOf(type);
        Collection<Object> list = type instanceof Class<?> collection
            ? (Collection<Object>) collection.getDeclaredConstructor().newInstance()
            : new ArrayList<>();
        int count = filling == Filling.FULL ? 1 + random.nextInt(depth == 0 ? 3 : 2) : 1;
        for (int index = 0; index < count; index++) list.add(value(element, owner, field, depth));
        return list;
    }

    private Message struct(Class<?> type, int depth) throws Exception {
        Message message = (Message) type.getDeclaredConstructor().newInstance();
        fill(message, depth + 1);
        return message;
    }

    /** Ids of producers and brokers use all 64 bits, all else what a double holds exactly. */
    private long number(Message owner, String name) {
        String lower = name.toLowerCase();
        boolean ours = owner.getClass().getSimpleName().equals("AbortedTransaction");
        boolean id = (lower.contains("producerid") && !ours) || lower.equals("replicaepoch");
        if (id) return random.nextLong();
        long magnitude = random.nextLong() & SAFE_MAX;
        return (random.nextBoolean() ? magnitude : -magnitude) >> random.nextInt(53);
    }

    private String text() {
        int kind = random.nextInt(8);
        int length = kind == 0 ? 0 : kind == 1 ? 130 + random.nextInt(40) : 1 + random.nextInt(30);
        if (kind == 2) return "žluťoučký-κώδικας-日本-😀";
        StringBuilder text = new StringBuilder();
        for (int index = 0; index < length; index++)
            text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        return text.toString();
    }

    private byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private static Schema schemaOf(Class<?> type, short version) {
        try {
            return ((Schema[]) type.getField("SCHEMAS").get(null))[version];
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    private static boolean hasTags(Schema schema) {
        for (BoundField bound : schema.fields())
            if (bound.def.type instanceof TaggedFields) return true;
        return false;
    }

    private static Type elementOf(Type type) {
        if (type instanceof ParameterizedType list) return list.getActualTypeArguments()[0];
        return elementOf(((Class<?>) type).getGenericSuperclass());
    }

    private static String plain(String name) {
        return name.replace("_", "").toLowerCase();
    }
}
