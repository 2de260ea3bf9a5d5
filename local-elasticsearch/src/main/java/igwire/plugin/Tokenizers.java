package igwire.plugin;

import static org.elasticsearch.index.analysis.TokenizerFactory.newFactory;

import java.util.Map;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.core.LetterTokenizer;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** Tokenizers under the names of the distribution's module analysis-common; {@code standard} is the server's own. */
final class Tokenizers {
    private Tokenizers() {}

    static Map<String, AnalysisProvider<TokenizerFactory>> table() {
        return Map.of(
            "keyword", (index, environment, name, settings) -> {
                int buffer = settings.getAsInt("buffer_size", KeywordTokenizer.DEFAULT_BUFFER_SIZE);
                return newFactory(name, () -> new KeywordTokenizer(buffer));
            },
            "letter", (index, environment, name, settings) -> newFactory(name, LetterTokenizer::new),
            "whitespace", (index, environment, name, settings) -> {
                int longest = settings.getAsInt("max_token_length", StandardAnalyzer.DEFAULT_MAX_TOKEN_LENGTH);
                return newFactory(name, () -> new WhitespaceTokenizer(longest));
            });
    }
}
