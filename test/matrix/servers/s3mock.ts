import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MatrixServer } from "../server";
import { fromMaven } from "./java";

const VERSION = "5.2.0";
const SOURCE = {
    name: "S3Mock",
    group: "com.adobe.testing",
    artifact: "s3mock",
    version: VERSION,
    classifier: "exec",
};

/** Beside its main port it opens others on all addresses: these are kept to loopback, or out. */
const LOOPBACK_ONLY = `<?xml version="1.0" encoding="UTF-8"?>
<beans xmlns="http://www.springframework.org/schema/beans"
       xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
       xsi:schemaLocation="http://www.springframework.org/schema/beans https://www.springframework.org/schema/beans/spring-beans.xsd">
  <bean id="httpConnector" class="org.apache.catalina.connector.Connector">
    <property name="port" value="0"/>
    <property name="protocolHandler.address">
      <bean class="java.net.InetAddress" factory-method="getByName"><constructor-arg value="127.0.0.1"/></bean>
    </property>
  </bean>
  <bean id="vectorsConnectorCustomizer" class="java.lang.Object"/>
</beans>
`;

/** It does not know `?cors`, and does what the request would mean without it: DELETE would delete the bucket. */
export const s3mock: MatrixServer = {
    name: "S3Mock",
    version: VERSION,

    async get(output) {
        return await fromMaven(SOURCE, output);
    },

    async start(launch, workplace) {
        const beans = join(workplace.folder, "loopback.xml");
        await writeFile(beans, LOOPBACK_ONLY);
        return await workplace.run((port) => ({
            name: "s3mock",
            launch,
            args: [],
            env: {
                SERVER_ADDRESS: "127.0.0.1",
                SERVER_PORT: String(port),
                // Its own TLS is under a certificate whose key everybody has.
                SERVER_SSL_ENABLED: "false",
                SPRING_MAIN_SOURCES: `file:${beans}`,
                SPRING_MAIN_ALLOW_BEAN_DEFINITION_OVERRIDING: "true",
                COM_ADOBE_TESTING_S3MOCK_STORE_ROOT: join(workplace.folder, "data"),
            },
            tls: false,
        }));
    },
};
